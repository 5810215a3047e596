/** An alert's state and severity, and the view that it is about. */
import type { AlertJson } from '../../../web-service/api/index.js';
import { aboutOf } from '../../logic/alerts.js';
import { text } from '../../logic/text.js';
import { linkTo } from '../state.js';
import { SeverityBadge } from './marks.js';

/** The severity only while nobody has seen to it: what is known or over does not call for attention. */
export function AlertState({ alert: { severity, state } }: { alert: AlertJson }) {
  const shown =
    state === 'resolved' ? 'ok' : state === 'firing' || state === 'pending' ? severity : 'neutral';
  return <SeverityBadge severity={shown} label={text.alerts.state[state]} />;
}

export function About({ alert }: { alert: AlertJson }) {
  const about = aboutOf(alert);
  if (about === undefined) return null;
  const { id, view } = about;
  const name =
    id === undefined || (view !== 'events' && view !== 'boxes')
      ? text.nav[view === 'login' ? 'overview' : view]
      : view === 'events'
        ? text.event.title(Number(id))
        : text.box.title(id);
  return (
    <a class="nowrap" href={linkTo(view, id)}>
      {name}
    </a>
  );
}
