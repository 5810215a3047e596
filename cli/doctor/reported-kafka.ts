/** Whether what goes to Kafka gets there, as the triggering service and the gateway report it. */
import { type Diagnosis, reporter } from './diagnosis.js';
import { count, fieldsAt, text } from './reading.js';
import type { Report } from './report.js';

const { note, wrong } = reporter('daemons');

/** Share of the queue's size from which on it is said to be nearly full. */
const NEARLY_FULL = 0.8;

export function kafka({ details, kind }: Report): Diagnosis[] {
  const of = fieldsAt(details, 'kafka');
  const queue = fieldsAt(of, 'queue');
  const found: Diagnosis[] = [];
  if (of.up === false)
    found.push(
      wrong(
        kind,
        `Kafka does not take records: ${text(of, 'last_error') ?? 'it does not say why'}; ${count(queue, 'records')} wait on disk`,
        'check that the brokers run, and compare `kafka` in its file with them: addresses, TLS, user, topics and the right to write them',
      ),
    );
  if (count(queue, 'bytes') > NEARLY_FULL * count(queue, 'max_bytes'))
    found.push(
      note(
        kind,
        `what waits for Kafka nearly fills its place on disk: ${count(queue, 'records')} records`,
        'docs/kafka.md says what happens when it is full',
      ),
    );
  const lost = Object.entries(fieldsAt(of, 'dropped')).filter(
    ([, value]) => typeof value === 'number' && value > 0,
  );
  if (lost.length > 0)
    found.push(
      wrong(
        kind,
        `${lost.map(([reason, n]) => `${n} (${reason})`).join(', ')} records did not get to Kafka since its start`,
        'docs/kafka.md says what each reason means; all of them are in the store',
      ),
    );
  return found;
}
