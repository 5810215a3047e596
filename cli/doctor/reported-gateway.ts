/** Whether what the gateway is there for arrives: messages at the MQTT broker, notifications at their recipients. */
import { type Diagnosis, reporter } from './diagnosis.js';
import { count, fieldsAt, text } from './reading.js';
import type { Report } from './report.js';

const { note, wrong } = reporter('daemons');

/** It has connected long before, s. */
const SETTLED_S = 30;
const HOUR_MS = 3_600_000;
/** Share of `outbox.max_bytes`. */
const NEARLY_FULL = 0.9;

export function gateway(report: Report, nowMs: number): Diagnosis[] {
  if (report.kind !== 'gateway' || report.uptimeSeconds < SETTLED_S) return [];
  return [...connections(report), ...outbox(report, nowMs), ...losses(report), ...notifications(report)];
}

function connections({ details, kind }: Report): Diagnosis[] {
  const found: Diagnosis[] = [];
  for (const [path, what, setting] of [
    ['mqtt', 'the MQTT broker', 'mqtt'],
    ['bridge', 'the second MQTT broker', 'bridge'],
  ] as const) {
    const link = fieldsAt(details, path);
    if (link.connected !== false) continue;
    found.push(
      wrong(
        kind,
        `is not connected to ${what} ${text(link, 'broker') ?? ''}: ${text(link, 'reason') ?? 'it does not say why'}`,
        `start the broker, or compare \`${setting}\` in gateway.json with it`,
      ),
    );
  }
  if (fieldsAt(details, 'store').available === false)
    found.push(
      wrong(kind, 'its store is unavailable: it publishes no events and incidents', 'see the store above'),
    );
  return found;
}

function outbox({ details, kind }: Report, nowMs: number): Diagnosis[] {
  const waiting = fieldsAt(details, 'outbox');
  const messages = count(waiting, 'messages');
  const found: Diagnosis[] = [];
  if (messages > 0 && count(waiting, 'bytes') >= NEARLY_FULL * count(waiting, 'max_bytes'))
    found.push(
      wrong(
        kind,
        `its outbox is full: ${messages} messages wait for the MQTT broker, and no more events and incidents are read`,
        'start the broker; they follow when it has taken what waits',
      ),
    );
  else if (messages > 0 && nowMs - count(waiting, 'oldest_ms') > HOUR_MS)
    found.push(note(kind, `${messages} messages have waited for the MQTT broker for an hour`, 'see its log'));
  const reason = text(waiting, 'reason');
  if (reason !== undefined)
    found.push(
      wrong(kind, `the MQTT broker refuses messages: ${reason}`, 'let its user write makai/# at the broker'),
    );
  return found;
}

function losses({ details, kind }: Report): Diagnosis[] {
  const dropped = count(fieldsAt(details, 'measurements'), 'dropped');
  const lost = count(fieldsAt(details, 'rules'), 'lost') + count(fieldsAt(details, 'outbox'), 'dropped');
  const found: Diagnosis[] = [];
  if (dropped > 0)
    found.push(
      note(
        kind,
        `${dropped} live measurements were not published since its start`,
        'the broker was unavailable, or is too slow for measurements.per_second',
      ),
    );
  if (lost > 0)
    found.push(wrong(kind, `${lost} messages and alerts of rules were lost since its start`, 'see its log'));
  return found;
}

function notifications({ details, kind }: Report): Diagnosis[] {
  const notify = fieldsAt(details, 'notify');
  const [failing, failed] = [count(notify, 'failing'), count(notify, 'failed')];
  const found: Diagnosis[] = [];
  if (failing > 0)
    found.push(
      wrong(
        kind,
        `${failing} notifications could not be delivered yet: ${text(notify, 'last_error') ?? 'see its log'}`,
        'makai notify test NAME tries a recipient',
      ),
    );
  if (failed > 0)
    found.push(
      note(
        kind,
        `${failed} notifications of the last 90 days were given up after two days of trying`,
        'makai notify test NAME tries a recipient',
      ),
    );
  return found;
}
