/** The acquisition brokers of a cluster in `makai status --cluster`. */
import type { BrokerOverview, BrokersOverview } from '../nats/broker-overview.js';
import type { Overview } from '../nats/overview.js';
import { type Column, clean, plural, table } from './output.js';

const BROKERS: Column<BrokerOverview>[] = [
  { title: 'acquisition broker', value: ({ name }) => name },
  { title: 'boxes', value: boxesOf, right: true },
  { title: 'open requests', value: ({ open_requests }) => open_requests, right: true },
  { title: 'copies in NATS', value: ({ copies }) => copies, right: true },
];

const NO_REPLY = 'no acquisition broker with nats replied';

/** What is wrong with them, one sentence each. */
export function brokerFaults({ brokers, left_requests, silent }: BrokersOverview): string[] {
  const found = silent.map((name) => `acquisition broker ${name} does not reply`);
  for (const { deaf_to, name } of brokers)
    for (const other of deaf_to) found.push(`acquisition broker ${name} does not hear ${other}`);
  // Without open requests it may be intended: the stream of their copies stays when a site goes back to one broker without `nats`.
  if (brokers.length === 0 && left_requests > 0)
    found.push(`${NO_REPLY}: nobody takes up ${plural(left_requests, 'open request')}`);
  return found;
}

/** Nothing where no broker was ever one of several. */
export function brokersText({
  acquisition,
  acquisition_problem,
}: Pick<Overview, 'acquisition' | 'acquisition_problem'>): string[] {
  if (acquisition_problem !== undefined)
    return ['\n', clean(`acquisition brokers cannot be asked: ${acquisition_problem}`), '\n'];
  if (acquisition === undefined) return [];
  const { brokers, left_requests } = acquisition;
  const left = `${plural(left_requests, 'open request')} of brokers that are gone`;
  if (brokers.length === 0) return [left_requests === 0 ? `\n${NO_REPLY}\n` : `\n${left}\n`];
  return [
    ...['\n', table(BROKERS, brokers)],
    ...(left_requests === 0 ? [] : [`${left}: others take them up within 15 s\n`]),
  ];
}

/** Of all dialects, also those whose ids are not known. */
function boxesOf({ boxes }: BrokerOverview): number {
  return Object.values(boxes).reduce((sum, { connections, known }) => sum + Math.max(connections, known), 0);
}
