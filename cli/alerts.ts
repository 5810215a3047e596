/** What `makai alerts ...` does. */
import { MakaiError } from '../common/errors.js';
import { write } from '../common/stdout.js';
import { shownState } from '../store/alerts.js';
import type { AlertMarks } from '../store/store.js';
import { audit, currentUser } from './audit.js';
import { print } from './output.js';
import { type StoreChoice, useStore } from './store-access.js';
import { isoTime } from './time.js';

const HOUR_MS = 3_600_000;

export async function listAlerts(
  options: StoreChoice & { open?: true; limit: number; json?: true },
): Promise<void> {
  await useStore(options, async (store) => {
    const now = Date.now();
    const found = await store.alerts({ open: options.open === true, limit: options.limit });
    await print(
      found.map((alert) => ({ ...alert, state: shownState(alert, now) })),
      [
        { title: 'id', value: (alert) => alert.alert_id },
        { title: 'started (UTC)', value: (alert) => isoTime(alert.started_ms) },
        { title: 'state', value: (alert) => alert.state },
        { title: 'severity', value: (alert) => alert.severity },
        { title: 'what', value: (alert) => alert.title },
      ],
      options,
    );
  });
}

export function acknowledge(id: string, options: StoreChoice): Promise<void> {
  const marks = { acknowledged_ms: Date.now(), acknowledged_by: currentUser() };
  return mark(id, marks, 'alerts ack', `alert ${id}: acknowledged\n`, options);
}

export function silence(id: string, options: StoreChoice & { hours: number }): Promise<void> {
  const until = options.hours === 0 ? 0 : Date.now() + options.hours * HOUR_MS;
  const marks = { silenced_until_ms: until, silenced_by: currentUser() };
  const said = until === 0 ? 'no longer silenced' : `silenced until ${isoTime(until)}`;
  return mark(id, marks, 'alerts silence', `alert ${id}: ${said}\n`, options);
}

async function mark(
  id: string,
  marks: AlertMarks,
  command: string,
  said: string,
  options: StoreChoice,
): Promise<void> {
  await useStore(options, async (store) => {
    if (!(await store.markAlert(id, marks)))
      throw new MakaiError('NOT_FOUND', `there is no alert ${id}`, {
        hint: '`makai alerts list` lists them.',
      });
    await audit(store, { command, subject: `alert ${id}`, after: { ...marks } });
    await write(said);
  });
}
