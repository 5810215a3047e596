/** The event's sags and swells against ITIC and SEMI F47, with the verdicts in words. */
import type { EventDetail, Incident } from '../../../web-service/api/index.js';
import { curvePoints } from '../../logic/incidents.js';
import { text } from '../../logic/text.js';
import { CurveChart } from '../charts/curve-chart.js';
import { Card } from '../parts/card.js';
import { Empty } from '../parts/states.js';

export function EventCurves({ event }: { event: EventDetail }) {
  const nominal = event.box_events[0]?.nominal_frequency ?? 60;
  const points = curvePoints(event.incidents);
  if (points.length === 0) {
    return (
      <Card title={`${text.event.itic}, ${text.event.semi}`}>
        <Empty title={text.event.noPoints} />
      </Card>
    );
  }
  return (
    <div class="columns two">
      <Card title={text.event.itic} hint={worstItic(event.incidents)}>
        <CurveChart kind="itic" incidents={event.incidents} />
      </Card>
      <Card title={text.event.semi} hint={worstSemi(event.incidents)}>
        <CurveChart kind="semi" incidents={event.incidents} nominalFrequency={nominal} />
      </Card>
    </div>
  );
}

function worstItic(incidents: readonly Incident[]): string | undefined {
  const regions = incidents.flatMap((one) => one.figures.itic?.region ?? []);
  return ['prohibited', 'no damage', 'no interruption'].find((one) => regions.includes(one));
}

function worstSemi(incidents: readonly Incident[]): string | undefined {
  const verdicts = incidents.flatMap((one) => one.figures.semi_f47?.required ?? []);
  const worst = (['violated', 'kept'] as const).find((one) => verdicts.includes(one));
  return worst === undefined ? undefined : text.event.verdict[worst];
}
