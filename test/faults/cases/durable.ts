/** Announced means on disk: the broker is killed as soon as an `evnew` arrives, and the event must be in the store. */
import { Push, Subscriber } from 'zeromq';
import * as proto from '../../../proto/index.js';
import type { FaultCase, Outcome } from '../case.js';
import { FaultLine, type StoreKind } from '../line.js';

/** How often the broker is killed; MAKAI_FAULT_KILLS changes it. */
const KILLS = Number(process.env.MAKAI_FAULT_KILLS ?? 20);
const AT_ONCE = 40;

export const DURABLE: readonly FaultCase[] = [
  { name: 'evnew means on disk', stores: ['sqlite', 'mongo'], run: (store) => evnewKills(store, KILLS) },
];

/** Kills the broker `kills` times, each time right after one of the first notices of a burst of requests. @returns undefined without MongoDB */
export async function evnewKills(store: StoreKind, kills: number): Promise<Outcome | undefined> {
  const line = await FaultLine.start({ store, boxes: false, only: 'acquisition-broker' });
  if (line === undefined) return undefined;
  const broker = line.daemons['acquisition-broker'];
  const heard: number[] = [];
  let sent = 0;
  try {
    for (let round = 0; round < kills; round += 1) {
      if (!broker.running) await broker.start();
      sent += await killedAfter(line, `durable ${round}`, 1 + (round % (AT_ONCE / 2)), heard);
    }
    // With MongoDB, an event may be in the broker's spool; it is delivered after the next start.
    await broker.start();
    const rows = [await counted(line, heard, sent)];
    return { rows, wrong: line.deaths(), notes: [`killed ${kills} times right after an evnew`] };
  } finally {
    await line.stop();
  }
}

/** Sends a burst of requests and kills the broker at the `notices`th notice. @returns how many were sent */
async function killedAfter(line: FaultLine, name: string, notices: number, heard: number[]): Promise<number> {
  const client = new Push({ linger: 0 });
  const listener = new Subscriber({ linger: 0 });
  const ready = new Promise<void>((resolve) => listener.events.on('handshake', () => resolve()));
  listener.subscribe('evnew');
  listener.connect(line.field('acquisition-broker', 'backend_pub'));
  client.connect(line.field('acquisition-broker', 'backend_pull'));
  const first = listener.receive();
  await ready;
  const asking = (async () => {
    for (let i = 0; i < AT_ONCE; i += 1) await client.send(request(`${name} ${i}`));
  })();
  heard.push(Number(String((await first)[1])));
  for (let i = 1; i < notices; i += 1) heard.push(Number(String((await listener.receive())[1])));
  const killed = line.daemons['acquisition-broker'].kill();
  await Promise.all([asking, killed]);
  // Notices in transit were published too.
  listener.receiveTimeout = 50;
  for (;;) {
    const frames = await listener.receive().catch(() => undefined);
    if (frames === undefined) break;
    heard.push(Number(String(frames[1])));
  }
  client.close();
  listener.close();
  return AT_ONCE;
}

async function counted(line: FaultLine, heard: readonly number[], sent: number) {
  const store = await line.openStore();
  try {
    let lost = heard.length;
    const descriptions: string[] = [];
    for (const until = Date.now() + 120_000; lost > 0 && Date.now() < until; ) {
      const numbers = new Set<number>();
      descriptions.length = 0;
      for await (const event of store.events()) {
        numbers.add(event.event_id);
        descriptions.push(event.description);
      }
      lost = heard.filter((number) => !numbers.has(number)).length;
    }
    const doubled = heard.length - new Set(heard).size + descriptions.length - new Set(descriptions).size;
    return { kind: 'events', sent, accepted: heard.length, stored: descriptions.length, lost, doubled };
  } finally {
    await store.close();
  }
}

function request(description: string): Uint8Array {
  const endMs = Date.now();
  return proto.requestEvent.encode({
    startMs: endMs - 100,
    endMs,
    triggerType: 'OTHER',
    percentMagnitude: 0,
    boxIds: [1001],
    requestee: description,
    description,
    requestData: false,
  });
}
