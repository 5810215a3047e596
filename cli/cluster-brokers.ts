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

/** What is wrong with them, one sentence each. */
export function brokerFaults({ brokers, left_requests, silent }: BrokersOverview): string[] {
  const found = silent.map((name) => `acquisition broker ${name} does not reply`);
  for (const { deaf_to, name } of brokers)
    for (const other of deaf_to) found.push(`acquisition broker ${name} does not hear ${other}`);
  if (brokers.length === 0 && silent.length === 0)
    found.push(
      left_requests === 0
        ? 'no acquisition broker is there'
        : `no acquisition broker is there to take up ${plural(left_requests, 'open request')}`,
    );
  return found;
}

/** Nothing where no broker was ever one of several. */
export function brokersText({ acquisition, acquisition_problem }: Overview): string[] {
  if (acquisition_problem !== undefined)
    return ['\n', clean(`acquisition brokers cannot be asked: ${acquisition_problem}`), '\n'];
  if (acquisition === undefined) return [];
  const { brokers, left_requests } = acquisition;
  const left = plural(left_requests, 'open request');
  return [
    ...(brokers.length === 0 ? [] : ['\n', table(BROKERS, brokers)]),
    ...(left_requests === 0 ? [] : [`${left} of brokers that are gone: others take them up within 15 s\n`]),
  ];
}

/** Of all dialects, also those whose ids are not known. */
function boxesOf({ boxes }: BrokerOverview): number {
  return Object.values(boxes).reduce((sum, { connections, known }) => sum + Math.max(connections, known), 0);
}
