/** NATS, as the broker that writes the measurement stream, the services that read it, followers that share their work, and several acquisition brokers see it. */
import { type Diagnosis, reporter } from './diagnosis.js';
import { count, fieldsAt } from './reading.js';
import type { Report } from './report.js';

const { note, wrong } = reporter('daemons');

/** Before that, a daemon may still be connecting. */
const SETTLED_S = 30;
/** Batches that a service has not read, usually far fewer. */
const MANY_WAITING = 10_000;

export function nats({ details, kind, uptimeSeconds }: Report): Diagnosis[] {
  const of = fieldsAt(details, 'nats');
  if (of.connected === undefined || uptimeSeconds < SETTLED_S) return [];
  if (kind === 'acquisition-broker') return oneOfSeveral(kind, of);
  if (kind === 'triggering-broker') return relay(kind, of);
  return kind === 'triggering-service' ? reader(kind, of) : follower(kind, of);
}

function follower(kind: Report['kind'], of: Readonly<Record<string, unknown>>): Diagnosis[] {
  const isGateway = kind === 'gateway';
  if (of.connected === false)
    return [
      wrong(
        kind,
        `it has no connection to NATS and ${isGateway ? 'notifies nobody' : 'analyses nothing'}; what is stored waits`,
        'check that NATS runs, and nats.servers; its log says what failed',
      ),
    ];
  if (of.service !== undefined) return [];
  return [
    note(
      kind,
      isGateway ? 'no gateway is the active one' : 'no service looks after groups and outages',
      'wait some seconds; if it stays so, the logs of these services say why',
    ),
  ];
}

function oneOfSeveral(kind: Report['kind'], of: Readonly<Record<string, unknown>>): Diagnosis[] {
  if (of.connected === false)
    return [
      wrong(
        kind,
        'it has no connection to NATS: boxes of other acquisition brokers are not reached',
        'check that NATS runs, and nats.servers; its log says what failed',
      ),
    ];
  const found: Diagnosis[] = [];
  if (Array.isArray(of.brokers) && of.brokers.length === 0)
    found.push(
      note(
        kind,
        'it has the setting nats and hears no other acquisition broker',
        'start the others, or take nats out of its file',
      ),
    );
  const notCopied = count(fieldsAt(of, 'requests'), 'not_copied');
  if (notCopied > 0)
    found.push(
      note(
        kind,
        `${notCopied} open requests were not copied to NATS since its start: nobody would take them up`,
        'see its log: space for the stream MAKAI_OPEN_REQUESTS, rights of the user',
      ),
    );
  return found;
}

function relay(kind: Report['kind'], of: Readonly<Record<string, unknown>>): Diagnosis[] {
  const found: Diagnosis[] = [];
  const spooled = count(fieldsAt(of, 'spool'), 'messages');
  const waiting = `${spooled} measurements wait on disk`;
  if (of.connected === false)
    found.push(
      wrong(
        kind,
        `it has no connection to NATS; ${waiting}`,
        'check that NATS runs, and nats.servers; its log says what failed',
      ),
    );
  else if (of.direct === false)
    found.push(
      spooled === 0
        ? wrong(
            kind,
            'JetStream does not accept measurements',
            'see its log: space for the stream, rights of the user',
          )
        : note(
            kind,
            `JetStream gets what waited: ${waiting}`,
            'nothing, if they become fewer; otherwise see its log',
          ),
    );
  const lost = Object.entries(fieldsAt(of, 'dropped')).filter(
    ([, value]) => typeof value === 'number' && value > 0,
  );
  if (lost.length > 0)
    found.push(
      wrong(
        kind,
        `${lost.map(([reason, n]) => `${n} (${reason})`).join(', ')} measurements did not get into NATS since its start`,
        'docs/cluster.md says what each reason means',
      ),
    );
  return found;
}

function reader(kind: Report['kind'], of: Readonly<Record<string, unknown>>): Diagnosis[] {
  if (of.connected === false)
    return [
      wrong(
        kind,
        'it has no connection to NATS and receives no measurements',
        'check that NATS runs, and nats.servers; its log says what failed',
      ),
    ];
  const waiting = count(of, 'waiting');
  if (waiting <= MANY_WAITING) return [];
  return [
    note(
      kind,
      `${waiting} batches of measurements wait in NATS`,
      'nothing, if they become fewer; otherwise start one more triggering service, or see whether its store is slow',
    ),
  ];
}
