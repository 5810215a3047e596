/**
 * Daemons are restarted while boxes go on measuring: what a box queued while it had no connection must all be stored. A subscriber to the live
 * stream, as the web service has one, runs on: it must not be taken for the service that stores.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Subscriber } from 'zeromq';
import type { FaultCase, Outcome } from '../case.js';
import { BOX_IDS, FaultLine } from '../line.js';
import { QueueingBox } from '../queueing-box.js';

const ROUNDS = 20;
const STORED_MS = 180_000;
const CONNECTED_MS = 120_000;

interface Restart {
  what: string;
  /** ends and starts daemons; boxes connect again afterwards */
  run(line: FaultLine, boxes: readonly QueueingBox[], round: number): Promise<void>;
}

/** @param signal how the broker is ended */
export const brokerRestart = (signal: 'SIGTERM' | 'SIGKILL'): Restart => ({
  what: `the triggering broker by ${signal}`,
  run: async ({ daemons }, boxes, round) => {
    const broker = daemons['triggering-broker'];
    await (signal === 'SIGKILL' ? broker.kill() : broker.stop());
    await disconnected(boxes);
    await sleep(100 * (round % 5));
    await broker.start();
  },
});

/** Of both, in the order that the units have: the broker ends first and begins last. */
export const unitsRestart: Restart = {
  what: 'the triggering broker and the service, in the order of the units',
  run: async ({ daemons }, boxes) => {
    await daemons['triggering-broker'].stop();
    await disconnected(boxes);
    await daemons['triggering-service'].stop();
    await daemons['triggering-service'].start();
    await daemons['triggering-broker'].start();
  },
};

export async function restarts({ run, what }: Restart, rounds: number): Promise<Outcome | undefined> {
  const line = await FaultLine.start({ store: 'sqlite', boxes: false });
  if (line === undefined) return undefined;
  const boxes: QueueingBox[] = [];
  const live = new Subscriber({ linger: 0, reconnectInterval: 50 });
  try {
    live.subscribe();
    live.connect(line.field('triggering-broker', 'backend'));
    void drain(live);
    for (const id of BOX_IDS)
      boxes.push(new QueueingBox(id, line.field('triggering-broker', 'interface'), await line.curve(id)));
    await until(() => boxes.every(({ connected }) => connected), CONNECTED_MS, 'boxes connect');
    // A box sends nothing before the first subscription has reached it.
    await sleep(1000);
    for (const box of boxes) box.start();
    for (let round = 0; round < rounds; round += 1) {
      await run(line, boxes, round);
      await until(() => boxes.every(({ connected }) => connected), CONNECTED_MS, 'boxes connect again');
      await sleep(300);
    }
    for (const box of boxes) box.stop();
    const rows = await settle(line, boxes);
    const down = boxes.reduce((sum, { kept }) => sum + kept.size, 0) / boxes.length / rounds;
    return {
      rows: [rows],
      wrong: line.deaths(),
      notes: [`${rounds} restarts of ${what}; ${down.toFixed(0)} measurements queued per box and restart`],
    };
  } finally {
    for (const box of boxes) box.close();
    live.close();
    await line.stop();
  }
}

/** A subscriber that does not read would be disconnected. */
async function drain(live: Subscriber): Promise<void> {
  for await (const _ of live);
}

function disconnected(boxes: readonly QueueingBox[]): Promise<void> {
  return until(() => boxes.every(({ connected }) => !connected), CONNECTED_MS, 'boxes notice');
}

async function settle(line: FaultLine, boxes: readonly QueueingBox[]): Promise<Outcome['rows'][number]> {
  const accepted = boxes.reduce((sum, { kept }) => sum + kept.size, 0);
  const sent = boxes.reduce((sum, box) => sum + box.sent.size, 0);
  const endMs = performance.now() + STORED_MS;
  const store = await line.openStore();
  try {
    for (;;) {
      let [stored, lost, rows] = [0, 0, 0];
      const missing: string[] = [];
      for (const [index, { kept }] of boxes.entries()) {
        const id = String(BOX_IDS[index]);
        const times = new Set<number>();
        for await (const { timestamp_ms } of store.measurements(id)) {
          times.add(timestamp_ms);
          rows += 1;
        }
        stored += times.size;
        for (const time of kept) if (!times.has(time)) missing.push(`${id}:${time}`);
      }
      lost = missing.length;
      if (lost === 0 || performance.now() > endMs)
        return {
          kind: 'measurements',
          sent,
          accepted,
          stored,
          lost,
          doubled: rows - stored,
          missing: missing.slice(0, 5),
        };
      await sleep(500);
    }
  } finally {
    await store.close();
  }
}

async function until(condition: () => boolean, ms: number, what: string): Promise<void> {
  const endMs = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`gave up waiting until ${what}`);
    await sleep(5);
  }
}

export const RESTARTS: readonly FaultCase[] = [
  brokerRestart('SIGTERM'),
  brokerRestart('SIGKILL'),
  unitsRestart,
].map((restart) => ({
  name: `restart of ${restart.what}, with boxes that queue`,
  stores: ['sqlite'],
  run: () => restarts(restart, ROUNDS),
}));
