/**
 * The elected service is killed the moment what it found is requested. Services are processes on one MongoDB; what stands for the acquisition broker stores an event
 * for each request, as the broker does, so that the successor finds it. Each outage is one event: not missed, and not made twice.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pull } from 'zeromq';
import { requestEvent } from '../../../proto/index.js';
import { openStore } from '../../../store/open.js';
import type { Store } from '../../../store/store.js';
import type { TriggeringServiceStatus } from '../../../triggering-service/status.js';
import { DaemonProcess } from '../../faults/daemon-process.js';
import { freePort } from '../../support/free-port.js';
import { givenMongo } from '../../support/mongo-server.js';
import { givenNats, NatsServer } from '../../support/nats-server.js';
import { until } from '../../support/until.js';
import { BatchWriter } from '../batch-writer.js';

const ROUNDS = 3;
/** Two boxes at each of some places. */
const BOXES = Array.from({ length: 12 }, (_, i) => 1001 + i);
const placeOf = (box: number): string => `place-${Math.floor((box - 1001) / 2)}`;
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
/** Something that is made twice would come in this time after the successor goes on, ms. */
const AFTER_MS = 6000;

describe('triggering-service: the elected service on MongoDB', function () {
  this.timeout(900_000);
  const binary = givenNats();
  const mongo = givenMongo();
  const silent = new Set<string>();
  const services: { daemon: DaemonProcess; port: number }[] = [];
  const requests: string[] = [];
  let folder: string;
  let server: NatsServer;
  let writer: BatchWriter;
  let store: Store;
  let pull: Pull;
  let isSending = true;
  let sending: Promise<void>;
  /** called with what was requested, before it is stored */
  let requested: (description: string) => Promise<void> = async () => undefined;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'makai-elected-'));
    const uri = `${mongo().uri}/elected_${process.pid}_${Date.now()}`;
    store = await openStore(uri, { retention: RETENTION });
    for (const box of BOXES)
      await store.putBox({
        ...{ box_id: String(box), name: String(box), calibration_constant: 120, unplugged: false },
        location: placeOf(box),
      });
    server = await NatsServer.start(binary());
    writer = await BatchWriter.open(server.url);
    pull = new Pull({ linger: 0 });
    await pull.bind('tcp://127.0.0.1:*');
    void collect();
    sending = send();
    for (const name of ['a', 'b', 'c']) await start(name, uri);
  });
  after(async () => {
    isSending = false;
    await sending;
    for (const { daemon } of services) await daemon.kill();
    pull?.close();
    await writer?.close();
    await server?.stop();
    await store?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Stands for the acquisition broker. */
  async function collect(): Promise<void> {
    for await (const [frame] of pull) {
      if (frame === undefined) continue;
      const { boxIds, description, endMs, percentMagnitude, startMs, triggerType } =
        requestEvent.decode(frame);
      requests.push(description);
      await requested(description);
      await store.apply({
        kind: 'event',
        event: {
          ...{ event_id: requests.length, description, type: triggerType },
          percent_magnitude: percentMagnitude,
          boxes_triggered: boxIds.map(String),
          target_event_start_timestamp_ms: startMs,
          target_event_end_timestamp_ms: endMs,
        },
      });
    }
  }

  async function send(): Promise<void> {
    while (isSending) {
      const boxes = BOXES.filter((box) => !silent.has(placeOf(box)));
      await writer.write(boxes, Date.now());
      await sleep(500);
    }
  }

  async function start(name: string, uri: string): Promise<void> {
    const port = await freePort();
    const settings = {
      ...{ nats: { servers: [server.url] }, identity: name, store: uri, status: `127.0.0.1:${port}` },
      plugins: [{ path: 'outage', silence_ms: 5000, decide_ms: 2000 }],
      ...{ zmq_acquisition_endpoint: pull.lastEndpoint, spool: { path: join(folder, name) } },
    };
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
    const args = ['triggering-service', file];
    const daemon = new DaemonProcess({ name, args, logFile: join(folder, `${name}.log`) });
    services.push({ daemon, port });
    await daemon.start();
  }

  async function comparingOf(port: number) {
    try {
      const reply = await fetch(`http://127.0.0.1:${port}/status`);
      return ((await reply.json()) as { details: TriggeringServiceStatus }).details.nats?.comparing;
    } catch {
      return undefined; // it is not there
    }
  }

  /** The one that is elected, when it does new seconds. */
  async function elected(): Promise<DaemonProcess> {
    let found: DaemonProcess | undefined;
    let first = -1;
    await until('one is elected and does new seconds', async () => {
      const all = await Promise.all(services.map(({ port }) => comparingOf(port)));
      const index = all.findIndex((one) => one?.elected);
      const daemon = services[index]?.daemon;
      if (daemon !== found) first = all[index]?.seconds ?? -1;
      found = daemon;
      return found !== undefined && (all[index]?.seconds ?? 0) > first + 3;
    });
    assert.ok(found);
    return found;
  }

  for (let round = 0; round < ROUNDS; round += 1)
    it(`is killed ${['before its request is stored', 'the moment its request is stored', 'a little later'][round]}: one event`, async () => {
      const place = `place-${round}`;
      const victim = await elected();
      let killed: Promise<void> | undefined;
      requested = async (description) => {
        if (killed !== undefined || !description.includes(place)) return;
        killed = sleep(500 * Math.max(0, round - 1)).then(() => victim.kill());
        if (round === 0) await killed;
      };
      silent.add(place);
      await until('it is requested', async () => requests.some((text) => text.includes(place)));
      await killed;
      await elected();
      await sleep(AFTER_MS);
      assert.equal(requests.filter((text) => text.includes(place)).length, 1, JSON.stringify(requests));
      const events: string[] = [];
      for await (const { description } of store.events()) events.push(description);
      assert.deepEqual([...events].sort(), [...requests].sort());
      await victim.start();
    });
});
