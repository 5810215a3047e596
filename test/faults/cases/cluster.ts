/** Several machines with NATS between them (docs/cluster.md): fifty kills of anything under load, and a network that is cut in two. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultCase, Outcome } from '../case.js';
import { ClusterLine } from '../cluster/cluster-line.js';
import { killing } from '../cluster/killing.js';
import { Owners } from '../cluster/owners.js';
import { SecondHost } from '../cluster/second-host.js';
import { StreamLedger } from '../cluster/stream-ledger.js';
import { trendsAreRight } from '../cluster/trends.js';
import { hostsMissing } from '../namespaces.js';

/** `MAKAI_FAULT_KILLS`: another number. */
const KILLS = Number(process.env.MAKAI_FAULT_KILLS ?? 50);
const SERVICES = ['a', 'b', 'c', 'd'] as const;
/** Of the cut: services of this host, and of the second one. */
const HERE = ['a', 'b'] as const;
const THERE = ['c', 'd'] as const;
const CUT_MS = 20_000;
const BOXES = 200;
const RATE = 600;
const WINDOW_S = 10;
const CUTS = 2;

const kills: FaultCase = {
  name: 'cluster: kill -9 of services, relay and NATS servers',
  stores: ['sqlite', 'mongo'],
  run: (store) => killing({ kills: KILLS, services: SERVICES, store }),
};

const cut: FaultCase = {
  name: 'cluster: half of the services and one of three NATS servers are cut off',
  stores: ['mongo'],
  missing: hostsMissing,
  run: async () => {
    const host = new SecondHost();
    try {
      return await cutOff(host);
    } finally {
      host.remove();
    }
  },
};

/** The second host has one NATS server and two services. MongoDB is reached from there also while NATS is not: only leases keep its services from writing. */
async function cutOff(host: SecondHost): Promise<Outcome | undefined> {
  const line = await ClusterLine.start({
    services: [...HERE, ...THERE],
    boxes: BOXES,
    config: { mongo_trends_update_interval_seconds: WINDOW_S },
    natsPlace: (index) =>
      index === 2 ? { address: host.nats.theirs, prefix: host.prefix } : { address: host.nats.ours },
    servicePlace: (name) =>
      (HERE as readonly string[]).includes(name)
        ? {}
        : {
            ...{ address: host.other.theirs, prefix: host.prefix },
            mongoUri: (uri) => uri.replace('127.0.0.1', host.other.ours),
          },
    reachable: (port) => host.offer(port),
  });
  if (line === undefined) return undefined;
  const ledger = await StreamLedger.open(line.urls);
  const owners = new Owners(line.services);
  let keep = true;
  try {
    const fromMs = Date.now();
    line.load.rate = RATE;
    for (let i = 0; i < CUTS; i += 1) {
      await line.balanced([16, 16, 16, 16]);
      await sleep(5000);
      host.plug('down');
      await line.balanced([32, 32, 0, 0]);
      await sleep(CUT_MS);
      host.plug('up');
    }
    await line.balanced([16, 16, 16, 16]);
    await sleep(2000 * WINDOW_S);
    await line.load.stop();
    const row = await ledger.settle(line.stores, line.load.sent);
    const wrong = [...(await owners.stop()).slice(0, 5), ...line.wrong()];
    const [store] = line.stores;
    if (store === undefined || !(await trendsAreRight(store, line.ids, WINDOW_S, fromMs)))
      wrong.push('trends are not those of the stored measurements');
    if (ledger.missingBatches > 0)
      wrong.push(`${ledger.missingBatches} batches are not in the stream any more`);
    keep = wrong.length > 0 || row.lost > 0 || row.doubled > 0;
    const all = await Promise.all(line.services.map(({ status }) => status()));
    const again = all.reduce((sum, status) => sum + (status?.store.duplicates ?? 0), 0);
    const notes = [
      `cut off ${CUTS} times until the other half had everything, and ${CUT_MS / 1000} s; owners were looked at ${owners.looks} times; ${again} measurements were written a second time and kept once`,
    ];
    if (keep) notes.push(`left to look at: ${line.folder}`);
    return { rows: [row], wrong, notes };
  } finally {
    await owners.stop();
    await ledger.close();
    await line.stop({ keep });
  }
}

export const CLUSTER: readonly FaultCase[] = [kills, cut];
