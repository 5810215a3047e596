/** The daemons and the store, and what doctor finds. */
import { useEffect, useState } from 'preact/hooks';
import type { DaemonStatusJson, Status } from '../../../web-service/api/index.js';
import { duration } from '../../logic/numbers.js';
import { text } from '../../logic/text.js';
import { get } from '../api/client.js';
import { useLive } from '../api/live.js';
import { useLoad, useReload } from '../api/load.js';
import { Card } from '../parts/card.js';
import { SeverityBadge } from '../parts/marks.js';
import { Empty, Shown, WithCode } from '../parts/states.js';

export function Daemons() {
  const status = useLoad('status', (signal) => get<Status>('/status', {}, signal), { refreshMs: 10_000 });
  useLive('status', useReload(status));
  return (
    <Card title={text.admin.daemons} flush>
      <Shown loaded={status} lines={4}>
        {({ daemons, store }) => (
          <ul class="plain-list">
            <li class="row">
              <strong>
                {text.admin.store} {store.kind}
              </strong>
              <SeverityBadge
                severity={store.available ? 'ok' : 'critical'}
                label={store.available ? text.admin.running : text.admin.notRunning}
              />
              <span class="quiet">{store.reason ?? ''}</span>
            </li>
            {daemons.map((one) => (
              <Daemon key={one.daemon} status={one} />
            ))}
          </ul>
        )}
      </Shown>
    </Card>
  );
}

function Daemon({ status }: { status: DaemonStatusJson }) {
  const { daemon, details, endpoint, reason, running, uptime_seconds: uptime, version } = status;
  return (
    <li>
      <div class="row">
        <strong>{daemon}</strong>
        <SeverityBadge
          severity={running ? 'ok' : 'critical'}
          label={running ? text.admin.running : text.admin.notRunning}
        />
        <span class="quiet">
          {[
            reason,
            uptime === undefined ? undefined : `${text.admin.uptime} ${duration(uptime * 1000)}`,
            version,
            endpoint,
          ]
            .filter((part) => part !== undefined)
            .join(' · ')}
        </span>
      </div>
      {details === undefined ? null : (
        <details>
          <summary>{text.admin.details}</summary>
          <pre class="scroll details">{JSON.stringify(details, null, 2)}</pre>
        </details>
      )}
    </li>
  );
}

interface Diagnosis {
  items: {
    area: string;
    subject: string;
    verdict: 'ok' | 'note' | 'wrong';
    message: string;
    todo?: string;
  }[];
}

const SEVERITY = { ok: 'ok', note: 'notice', wrong: 'critical' } as const;

export function Doctor() {
  const [round, setRound] = useState(0);
  const [isRunning, setRunning] = useState(false);
  return (
    <Card
      title={text.admin.doctor}
      hint={text.admin.doctorHint}
      flush
      tools={
        <button type="button" disabled={isRunning} onClick={() => setRound(round + 1)}>
          {text.admin.doctorRun}
        </button>
      }
    >
      {round === 0 ? null : <Result key={round} onRunning={setRunning} />}
    </Card>
  );
}

function Result({ onRunning }: { onRunning: (isRunning: boolean) => void }) {
  const doctor = useLoad('doctor', (signal) => get<Diagnosis>('/doctor', {}, signal));
  const { isLoading } = doctor;
  useEffect(() => {
    onRunning(isLoading);
    return () => onRunning(false);
  }, [isLoading, onRunning]);
  return (
    <Shown loaded={doctor} lines={3}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title={text.admin.doctorFine} />
        ) : (
          <ul class="plain-list">
            {[...items]
              .sort((a, b) => rank(b.verdict) - rank(a.verdict))
              .map((item) => (
                <li key={`${item.area} ${item.subject} ${item.message}`}>
                  <SeverityBadge severity={SEVERITY[item.verdict]} label={item.verdict} />{' '}
                  <strong>{item.subject}</strong> {item.message}
                  {item.todo === undefined ? null : (
                    <p class="quiet">
                      <WithCode line={item.todo} />
                    </p>
                  )}
                </li>
              ))}
          </ul>
        )
      }
    </Shown>
  );
}

function rank(verdict: 'ok' | 'note' | 'wrong'): number {
  return { ok: 0, note: 1, wrong: 2 }[verdict];
}
