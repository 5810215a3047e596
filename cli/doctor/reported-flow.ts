/** Whether data flows: through the stream's broker, to those who follow it, and into the plugins. */
import { type Diagnosis, reporter } from './diagnosis.js';
import { count, fieldsAt, rowsAt, text } from './reading.js';
import type { Report } from './report.js';

const { note, wrong } = reporter('daemons');
const plugins = reporter('plugins');

/** Services have subscribed, and a broker has let the boxes in, long before, s. */
const SETTLED_S = 30;
/** Waveforms that wait for their analysis for no longer than a minute, usually. */
const MANY_WAVEFORMS = 1000;

/** Of the triggering broker: sockets that are closed, nobody behind it, and a proxy that failed. */
export function stream({ details, kind, metrics, uptimeSeconds }: Report): Diagnosis[] {
  if (kind !== 'triggering-broker' || uptimeSeconds < SETTLED_S) return [];
  const found: Diagnosis[] = [];
  if (details.open === false)
    found.push(wrong(kind, 'its sockets are closed: no box can connect', 'see its log'));
  // With NATS the stream relay subscribes.
  else if (details.nats === undefined && fieldsAt(details, 'subscribers').connected === 0)
    found.push(
      wrong(
        kind,
        'no service is connected to its backend, so boxes send nothing',
        'start the triggering service, and compare its zmq_trigger_endpoint (and backend_curve) with backend',
      ),
    );
  const failures = metrics?.total('makai_proxy_failures_total') ?? 0;
  if (failures > 0)
    found.push(
      note(kind, `its proxy failed and was restarted ${failures} times since its start`, 'see its log'),
    );
  return found;
}

/** Of the analysis service: failures, and waveforms that wait. */
export function followers({ details, kind, metrics }: Report): Diagnosis[] {
  if (kind !== 'analysis-service') return [];
  const incidents = fieldsAt(details, 'incidents');
  const failures = count(incidents, 'failures') + count(fieldsAt(details, 'threads'), 'failures');
  const backlog = metrics?.total('makai_waveforms_waiting') ?? 0;
  const found: Diagnosis[] = [];
  if (failures > 0)
    found.push(note(kind, `its analysis failed ${failures} times since its start`, 'see its log'));
  if (backlog > MANY_WAVEFORMS)
    found.push(note(kind, `${backlog} waveforms wait to be analysed`, 'wait, or see makai status'));
  return found;
}

/** What is missing where a triggering broker is not heard. */
const UNHEARD: Partial<Record<Report['kind'], string>> = {
  'analysis-service': 'reports no new outage meanwhile',
  gateway: 'has no live values of its boxes',
};

/** Of the analysis service and the gateway: triggering brokers that they do not hear. */
export function unheard({ details, kind, uptimeSeconds }: Report): Diagnosis[] {
  const lost = UNHEARD[kind];
  const heard = fieldsAt(details, 'stream');
  const brokers = count(heard, 'brokers');
  const connected = count(heard, 'connected');
  if (lost === undefined || uptimeSeconds < SETTLED_S || connected >= brokers) return [];
  // Left out by an earlier version.
  const { missing } = heard;
  const which = Array.isArray(missing) && missing.length > 0 ? `; not ${missing.join(', ')}` : '';
  return [
    brokers === 1
      ? note(
          kind,
          `it does not hear the triggering broker, and ${lost}`,
          'start the triggering broker, or correct zmq_trigger_endpoint (and backend_curve)',
        )
      : note(
          kind,
          `it hears ${connected} of ${brokers} triggering brokers, and ${lost}${which}`,
          'start the others, or take one that is gone out of further_trigger_endpoints',
        ),
  ];
}

/** Plugins that run and do not see everything. Those that do not run are in plugins.ts. */
export function pluginLosses({ details }: Report): Diagnosis[] {
  return rowsAt(details, 'plugins').flatMap((row): Diagnosis[] => {
    const name = text(row, 'plugin') ?? '?';
    const found: Diagnosis[] = [];
    if (count(row, 'dropped_batches') > 0)
      found.push(
        plugins.note(
          name,
          `is too slow: it has missed ${count(row, 'dropped_measurements')} measurements since its start`,
          'makai plugin check measures it; its settings may ask less of it',
        ),
      );
    if (count(row, 'restarts') > 0 && row.state === 'running')
      found.push(
        plugins.note(
          name,
          `was restarted ${count(row, 'restarts')} times${text(row, 'last_error') === undefined ? '' : `, the last time after: ${text(row, 'last_error')}`}`,
          'see the log of the triggering service',
        ),
      );
    if (count(row, 'over_hourly_limit') > 0)
      found.push(
        plugins.note(
          name,
          `asked for ${count(row, 'over_hourly_limit')} events beyond plugin_limits.events_per_hour, which were dropped`,
          'raise its thresholds, or the limit',
        ),
      );
    return found;
  });
}
