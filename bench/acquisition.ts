/** `npm run bench -- acquisition`: an event of many boxes through the broker, against the store fed with the same bytes directly. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Push, Subscriber } from 'zeromq';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { writePublicCertificate, writeSecretCertificate } from '../keys/files.js';
import { newKeyPair } from '../keys/key.js';
import { keyLayout } from '../keys/layout.js';
import { command, requestEvent } from '../proto/index.js';
import { openSqliteStore } from '../store/sqlite/index.js';
import type { Store } from '../store/store.js';
import { cyclesOf, type FleetSettings } from './acquisition-boxes.js';
import { type Benchmark, type Comparison, compare } from './compare.js';
import { Measured } from './support/process.js';

const BOXES = 100;
const EVENT_MS = 10_000;
const LONG_MS = 60_000;
const LONG_GOAL_MS = 150;
const COMMANDS = 300;
const DIRECT = 'store, fed directly';
const BROKER = 'through the broker';
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;

type Window = FleetSettings['windows'][number];

/** The broker and its boxes as processes, and a client. */
class Line {
  readonly #folder: string;
  readonly #broker: Measured;
  readonly #boxes: Measured;
  readonly #push = new Push({ linger: 0 });
  readonly #notices = new Subscriber();
  /** the commands to the first box, as they reach it */
  readonly #listener: Subscriber;
  readonly store: Store;
  readonly windows: { event: Window; long: Window; short: Window };

  static async start(dialect: 2 | 3): Promise<Line> {
    const folder = mkdtempSync(join(tmpdir(), 'makai-bench-'));
    const layout = keyLayout(join(folder, 'curve'));
    const server = newKeyPair();
    await writeSecretCertificate(layout.serverSecret, { boxId: undefined, ...server });
    const pairs = Array.from({ length: BOXES }, (_, i) => ({ id: 1000 + i, pair: newKeyPair() }));
    for (const { id, pair } of pairs) {
      await writePublicCertificate(layout.boxPublic(String(id)), {
        boxId: String(id),
        publicKey: pair.publicKey,
      });
    }
    const configFile = join(folder, 'acquisition_broker_config.json');
    const any = 'tcp://127.0.0.1:*';
    const config = {
      client_certs: layout.publicDirectory,
      server_cert: layout.serverSecret,
      ...{ box_pub: any, box_pull: any, backend_pull: any, backend_pub: any },
      ...{ zmq_event_endpoint: any, zmq_event_id_endpoint: any },
      store: `sqlite:${join(folder, 'makai.db')}`,
      status: 'off',
      metric_update_sec: 0,
      log_level: 'warn',
      limits: { requests_per_second: 10_000, requests_burst: 100_000 },
    };
    writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 });
    const main = join(PACKAGE_ROOT, 'dist/cli/main.js');
    const broker = new Measured('broker', process.execPath, [main, 'acquisition-broker', configFile]);
    const { endpoints } = await broker.json<{ endpoints: Record<string, string> }>();
    const now = Date.now();
    const before = (ms: number, by: number): Window => ({ startMs: now - by - ms, endMs: now - by });
    const windows = { event: before(EVENT_MS, 1000), long: before(LONG_MS, 2000), short: before(100, 3000) };
    const settingsFile = join(folder, 'boxes.json');
    const settings: FleetSettings = {
      box_pub: endpoints.box_pub ?? '',
      box_pull: endpoints.box_pull ?? '',
      serverKey: server.publicKey,
      boxes: pairs.map(({ id, pair }) => ({
        id,
        publicKey: pair.publicKey,
        secretKey: pair.secretKey.reveal(),
      })),
      dialect,
      windows: dialect === 3 ? [windows.event, windows.long] : [windows.event],
    };
    writeFileSync(settingsFile, JSON.stringify(settings), { mode: 0o600 });
    const fleet = join(PACKAGE_ROOT, 'dist/bench/acquisition-boxes.js');
    const boxes = new Measured('boxes', process.execPath, [fleet, settingsFile]);
    await boxes.until('ready');
    const store = await openSqliteStore(join(folder, 'makai.db'), { retention: RETENTION });
    const [first] = settings.boxes;
    const listener = new Subscriber({
      curveServerKey: server.publicKey,
      curvePublicKey: first?.publicKey ?? null,
      curveSecretKey: first?.secretKey ?? null,
      linger: 0,
    });
    listener.subscribe(String(first?.id));
    listener.connect(settings.box_pub);
    const line = new Line(folder, broker, boxes, store, windows, endpoints, listener);
    await line.warmUp();
    return line;
  }

  private constructor(
    folder: string,
    broker: Measured,
    boxes: Measured,
    store: Store,
    windows: Line['windows'],
    endpoints: Record<string, string>,
    listener: Subscriber,
  ) {
    this.#listener = listener;
    this.#folder = folder;
    this.#broker = broker;
    this.#boxes = boxes;
    this.store = store;
    this.windows = windows;
    this.#push.connect(endpoints.backend_pull ?? '');
    this.#notices.subscribe('evnew');
    this.#notices.connect(endpoints.backend_pub ?? '');
  }

  /** Until all boxes are connected: an event that all of them answered. */
  async warmUp(): Promise<void> {
    await sleep(2000);
    await this.event(this.windows.event, BOXES);
  }

  /** Asks the first boxes for a window. @returns ms until all of them are stored */
  async event(window: Window, boxes: number): Promise<number> {
    const start = performance.now();
    await this.stored(await this.ask(window, boxes), boxes);
    return performance.now() - start;
  }

  async stored(eventId: number, boxes: number): Promise<void> {
    while ((await this.store.event(eventId))?.boxes_received.length !== boxes) await sleep(2);
  }

  /** Sends a request. @returns the event's number */
  async ask(window: Window, boxes: number): Promise<number> {
    await this.#send(window, boxes);
    return this.#number();
  }

  /** @returns p99 in ms from a request to its command at the box, one after the other while `going` */
  async commands(going: () => boolean): Promise<number> {
    const times: number[] = [];
    while (going()) {
      const start = performance.now();
      await this.#send(this.windows.short, 1);
      await this.#commandOf(this.windows.short);
      times.push(performance.now() - start);
      await this.#number();
    }
    times.sort((a, b) => a - b);
    return times[Math.floor(times.length * 0.99)] ?? Number.NaN;
  }

  async #commandOf({ startMs }: Window): Promise<void> {
    for (;;) {
      const [, message] = await this.#listener.receive();
      const { body } = command.decode(message ?? Buffer.alloc(0));
      if (body.kind === 'data' && body.startMs === startMs) return;
    }
  }

  async #number(): Promise<number> {
    const [, number] = await this.#notices.receive();
    return Number(number?.toString());
  }

  #send({ endMs, startMs }: Window, boxes: number): Promise<void> {
    return this.#push.send(
      requestEvent.encode({
        startMs,
        endMs,
        triggerType: 'OTHER',
        percentMagnitude: 0,
        boxIds: Array.from({ length: boxes }, (_, i) => 1000 + i),
        requestee: 'bench',
        description: '',
        requestData: true,
      }),
    );
  }

  async stop(): Promise<void> {
    this.#push.close();
    this.#notices.close();
    await this.store.close();
    this.#listener.close();
    await this.#boxes.stop();
    await this.#broker.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Writes the same waveforms as an event of all boxes, as many at a time as the broker. @returns ms */
async function fedDirectly(store: Store, window: Window): Promise<number> {
  const { samples, timesMs } = cyclesOf(window);
  const [event_id = 0] = await store.nextEventIds(1);
  const start = performance.now();
  await store.insertEvent({
    event_id,
    type: 'OTHER',
    description: '',
    boxes_triggered: Array.from({ length: BOXES }, (_, i) => String(1000 + i)),
    percent_magnitude: 0,
    target_event_start_timestamp_ms: window.startMs,
    target_event_end_timestamp_ms: window.endMs,
  });
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < BOXES) {
      const box_id = String(1000 + next);
      next += 1;
      await store.putBoxEvent(
        {
          event_id,
          box_id,
          event_start_timestamp_ms: timesMs[0] ?? 0,
          event_end_timestamp_ms: (timesMs.at(-1) ?? 0) + 16,
          window_timestamps_ms: timesMs,
          location: 'unknown',
          data_fs_filename: `event_${event_id}_${box_id}`,
        },
        samples,
        Date.now(),
      );
    }
  };
  await Promise.all([writer(), writer(), writer(), writer()]);
  return performance.now() - start;
}

/** An event of all boxes, against the store fed with the same waveforms. */
async function compareEvent(line: Line, dialect: 2 | 3, rounds: number): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'makai-bench-'));
  const direct = await openSqliteStore(join(folder, 'direct.db'), { retention: RETENTION });
  try {
    return await compare(
      {
        title: `an event of ${BOXES} Box ${dialect}s, ${EVENT_MS / 1000} s each (84 MB on the wire), until it is stored`,
        unit: 'ms',
        better: 'lower',
        baseline: DIRECT,
        contenders: [
          { name: DIRECT, once: () => fedDirectly(direct, line.windows.event) },
          { name: BROKER, once: () => line.event(line.windows.event, BOXES) },
        ],
        goals: [{ contender: BROKER, ratio: 0.7 }],
      },
      rounds,
    );
  } finally {
    await direct.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function box2Event(rounds: number): Promise<Comparison> {
  const line = await Line.start(2);
  try {
    return await compareEvent(line, 2, rounds);
  } finally {
    await line.stop();
  }
}

async function measure(rounds: number, short: boolean): Promise<Comparison[]> {
  const box2 = await box2Event(rounds);
  if (short) return [box2];
  const line = await Line.start(3);
  try {
    const event = await compareEvent(line, 3, rounds);
    const long = await compare(
      {
        title: `${LONG_MS / 1000} s of one Box 3 (3600 frames, 5.2 MB), from the request until it is stored`,
        unit: 'ms',
        better: 'lower',
        baseline: BROKER,
        contenders: [{ name: BROKER, once: () => line.event(line.windows.long, 1) }],
        goals: [{ contender: BROKER, figure: LONG_GOAL_MS }],
      },
      rounds,
    );
    const commands = await compare(
      {
        title: 'from a request to its command at the box, p99',
        unit: 'ms',
        better: 'lower',
        baseline: 'quiet',
        contenders: [
          {
            name: 'quiet',
            once: () => {
              let left = COMMANDS;
              return line.commands(() => left-- > 0);
            },
          },
          {
            name: `while ${BOXES} boxes answer`,
            once: async () => {
              let going = true;
              const eventId = await line.ask(line.windows.event, BOXES);
              const done = line.stored(eventId, BOXES).then(() => {
                going = false;
              });
              const p99 = await line.commands(() => going);
              await done;
              return p99;
            },
          },
        ],
      },
      rounds,
    );
    return [box2, event, long, commands];
  } finally {
    await line.stop();
  }
}

export const acquisition: Benchmark = {
  name: 'acquisition',
  what: 'waveforms from the boxes into the store, and commands to the boxes meanwhile',
  run: ({ rounds, short = false }) => measure(rounds, short),
};
