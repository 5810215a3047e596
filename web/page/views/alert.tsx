/** One alert: what it says, how it went, and for operators what they do about it. */
import { useState } from 'preact/hooks';
import type { AlertJson } from '../../../web-service/api/index.js';
import { lastedMs } from '../../logic/alerts.js';
import { duration } from '../../logic/numbers.js';
import type { Route } from '../../logic/route.js';
import { text } from '../../logic/text.js';
import { dateTime } from '../../logic/time.js';
import { change, get } from '../api/client.js';
import { useLoad } from '../api/load.js';
import { useAction } from '../parts/action.js';
import { About, AlertState } from '../parts/alert-marks.js';
import { Card } from '../parts/card.js';
import { SeverityBadge } from '../parts/marks.js';
import { Empty, Shown } from '../parts/states.js';
import { Time } from '../parts/time.js';
import { useMay } from '../session.js';
import { linkTo, useChoices } from '../state.js';

const REFRESH_MS = 5000;
const pathOf = (id: string): string => `/alerts/${encodeURIComponent(id)}`;

export function Alert({ route }: { route: Route }) {
  const id = route.id ?? '';
  const alert = useLoad(`alert ${id}`, (signal) => get<AlertJson>(pathOf(id), {}, signal), {
    refreshMs: REFRESH_MS,
  });
  if (alert.problem?.status === 404 || alert.problem?.status === 400) return <Missing />;
  return (
    <Shown loaded={alert} lines={6}>
      {(known) => <Known alert={known} onChanged={alert.reload} />}
    </Shown>
  );
}

function Missing() {
  return (
    <Empty title={text.alerts.missing}>
      <p>{text.alerts.missingHint}</p>
      <a href={linkTo('alerts')}>{text.alerts.title}</a>
    </Empty>
  );
}

function Known({ alert, onChanged }: { alert: AlertJson; onChanged: () => void }) {
  return (
    <>
      <div>
        <h1>{alert.title}</h1>
        <div class="row">
          <AlertState alert={alert} />
          <SeverityBadge severity={alert.severity} />
          <About alert={alert} />
        </div>
      </div>
      <div class="columns two">
        <Facts alert={alert} />
        <Actions alert={alert} onChanged={onChanged} />
      </div>
    </>
  );
}

function Facts({ alert }: { alert: AlertJson }) {
  const { zone } = useChoices();
  const lasted = lastedMs(alert);
  const at = (ms: number): string => dateTime(ms, zone);
  const { acknowledged_ms: acknowledged, resolved_ms: resolved, silenced_until_ms: until = 0 } = alert;
  return (
    <Card title={text.alerts.facts}>
      {alert.body === '' ? null : <p class="lines">{alert.body}</p>}
      <dl class="facts">
        <dt>{text.alerts.cause}</dt>
        <dd>{text.alerts.rule[alert.rule] ?? alert.rule}</dd>
        <dt>{text.alerts.began}</dt>
        <dd>
          <Time ms={alert.started_ms} />
        </dd>
        <Fact name={text.alerts.fired} ms={alert.fired_ms} />
        <Fact
          name={text.alerts.over}
          ms={resolved}
          after={lasted === undefined ? '' : text.alerts.lasted(duration(lasted))}
        />
        {alert.box_ids.length === 0 ? null : (
          <>
            <dt>{text.table.boxes}</dt>
            <dd>
              {alert.box_ids.map((id, i) => (
                <span key={id}>
                  {i === 0 ? '' : ', '}
                  <a href={linkTo('boxes', id)}>{id}</a>
                </span>
              ))}
            </dd>
          </>
        )}
        <dt>{text.alerts.notified}</dt>
        <dd>
          {alert.notify.length === 0
            ? text.alerts.notifiedNobody
            : text.alerts.notifiedTags(alert.notify.join(', '))}
        </dd>
        {acknowledged === undefined ? null : (
          <>
            <dt>{text.alerts.acknowledged}</dt>
            <dd>{text.alerts.by(at(acknowledged), alert.acknowledged_by ?? '')}</dd>
          </>
        )}
        {until > Date.now() ? (
          <>
            <dt>{text.alerts.silenced}</dt>
            <dd>{text.alerts.until(at(until), alert.silenced_by ?? '')}</dd>
          </>
        ) : null}
      </dl>
    </Card>
  );
}

function Fact({ name, ms, after = '' }: { name: string; ms: number | undefined; after?: string }) {
  if (ms === undefined) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Time ms={ms} /> <span class="quiet">{after}</span>
      </dd>
    </>
  );
}

function Actions({ alert, onChanged }: { alert: AlertJson; onChanged: () => void }) {
  const mayAct = useMay('operator');
  const [seconds, setSeconds] = useState(text.alerts.spans[0]?.[0] ?? 0);
  const patch = async (body: object, done: string): Promise<string> => {
    await change('PATCH', pathOf(alert.alert_id), body);
    onChanged();
    return done;
  };
  const acknowledge = useAction(() => patch({ acknowledged: true }, text.alerts.doneAcknowledged));
  const silence = useAction(() => patch({ silence_s: seconds }, text.alerts.doneSilenced));
  const end = useAction(() => patch({ silence_s: 0 }, text.alerts.doneUnsilenced));
  const isSilenced = (alert.silenced_until_ms ?? 0) > Date.now();
  if (!mayAct)
    return (
      <Card title={text.alerts.act}>
        <p class="quiet">{text.alerts.viewer}</p>
      </Card>
    );
  return (
    <Card title={text.alerts.act} hint={text.alerts.actHint}>
      <div class="stack">
        {alert.state === 'resolved' ? <p>{text.alerts.resolvedAlready}</p> : null}
        <div class="row">
          <button
            type="button"
            class="primary"
            disabled={acknowledge.isBusy || alert.acknowledged_ms !== undefined || alert.state === 'resolved'}
            onClick={acknowledge.run}
          >
            {text.alerts.acknowledge}
          </button>
        </div>
        <form class="row" onSubmit={silence.submit}>
          <label class="row">
            <span>{text.alerts.silenceFor}</span>
            <select value={String(seconds)} onChange={(e) => setSeconds(Number(e.currentTarget.value))}>
              {text.alerts.spans.map(([value, name]) => (
                <option key={value} value={String(value)}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <button type="submit" disabled={silence.isBusy}>
            {text.alerts.silence}
          </button>
          {isSilenced ? (
            <button type="button" disabled={end.isBusy} onClick={end.run}>
              {text.alerts.unsilence}
            </button>
          ) : null}
        </form>
        {acknowledge.outcome}
        {silence.outcome}
        {end.outcome}
      </div>
    </Card>
  );
}
