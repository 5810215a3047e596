/** The acquisition broker and simulated boxes as processes, and a client that requests events. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Push, Subscriber } from 'zeromq';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { writePublicCertificate, writeSecretCertificate } from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { keyLayout } from '../../keys/layout.js';
import { command, requestEvent } from '../../proto/index.js';
import { openSqliteStore } from '../../store/sqlite/index.js';
import type { Store } from '../../store/store.js';
import type { FleetSettings } from '../acquisition-boxes.js';
import { peer } from './peers.js';
import { Measured } from './process.js';

export const BOXES = 100;
export const EVENT_MS = 10_000;
export const LONG_MS = 60_000;
export const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;

export type Window = FleetSettings['windows'][number];

/** ms without a further byte after which all replies are assumed to be held. */
const STILL_MS = 60;

/** The broker, its boxes and the connection between them as processes, and a client. */
export class Line {
  readonly #folder: string;
  readonly #broker: Measured;
  readonly #boxes: Measured;
  /** the process that replies of the boxes pass through */
  readonly #hold: Measured;
  readonly #push = new Push({ linger: 0 });
  readonly #notices = new Subscriber();
  /** the commands that reach the first box */
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
    const hold = new Measured('hold', peer('hold'), [/\d+$/.exec(endpoints.box_pull ?? '')?.[0] ?? '']);
    const [, port] = (await hold.line()).split(' ');
    const now = Date.now();
    const before = (ms: number, by: number): Window => ({ startMs: now - by - ms, endMs: now - by });
    const windows = { event: before(EVENT_MS, 1000), long: before(LONG_MS, 2000), short: before(100, 3000) };
    const settingsFile = join(folder, 'boxes.json');
    const settings: FleetSettings = {
      box_pub: endpoints.box_pub ?? '',
      box_pull: `tcp://127.0.0.1:${port}`,
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
    const store = await openSqliteStore(join(folder, 'makai.db'), { retention: RETENTION, thread: 'inline' });
    const [first] = settings.boxes;
    const listener = new Subscriber({
      curveServerKey: server.publicKey,
      curvePublicKey: first?.publicKey ?? null,
      curveSecretKey: first?.secretKey ?? null,
      linger: 0,
    });
    listener.subscribe(String(first?.id));
    listener.connect(settings.box_pub);
    const line = new Line(folder, broker, boxes, hold, store, windows, endpoints, listener);
    await line.warmUp();
    return line;
  }

  private constructor(
    folder: string,
    broker: Measured,
    boxes: Measured,
    hold: Measured,
    store: Store,
    windows: Line['windows'],
    endpoints: Record<string, string>,
    listener: Subscriber,
  ) {
    this.#listener = listener;
    this.#folder = folder;
    this.#broker = broker;
    this.#boxes = boxes;
    this.#hold = hold;
    this.store = store;
    this.windows = windows;
    this.#push.connect(endpoints.backend_pull ?? '');
    this.#notices.subscribe('evnew');
    this.#notices.connect(endpoints.backend_pub ?? '');
  }

  /** Waits until all boxes are connected, with an event that all of them reply to. */
  async warmUp(): Promise<void> {
    await sleep(2000);
    await this.event(this.windows.event, BOXES);
  }

  /** Requests a window from the first boxes. @returns ms until all waveforms are stored */
  async event(window: Window, boxes: number): Promise<number> {
    const start = performance.now();
    await this.stored(await this.ask(window, boxes), boxes);
    return performance.now() - start;
  }

  /**
   * The same without the time that the boxes spend. Their encoded and encrypted replies are held on the connection until the last one has
   * been sent, and the time until they are released is not counted.
   * @returns ms: from the request to its notice, plus from the release of the replies until all are stored
   */
  async eventOfDistantBoxes(window: Window, boxes: number): Promise<number> {
    this.#hold.write('hold\n');
    const start = performance.now();
    const eventId = await this.ask(window, boxes);
    const asked = performance.now() - start;
    await this.#allHeld();
    const through = performance.now();
    this.#hold.write('go\n');
    await this.stored(eventId, boxes);
    return asked + performance.now() - through;
  }

  async #allHeld(): Promise<void> {
    let last = 0;
    for (let since = performance.now(); last === 0 || performance.now() - since < STILL_MS; await sleep(5)) {
      this.#hold.write('held\n');
      const held = Number(await this.#hold.line());
      if (held !== last) since = performance.now();
      last = held;
    }
  }

  get pid(): number | undefined {
    return this.#broker.pid;
  }

  /** CPU seconds of the broker's threads so far, by name. */
  brokerSeconds(): Map<string, number> {
    return this.#broker.threadSeconds();
  }

  async stored(eventId: number, boxes: number): Promise<void> {
    while ((await this.store.event(eventId))?.boxes_received.length !== boxes) await sleep(2);
  }

  /** Sends a request. @returns the event id */
  async ask(window: Window, boxes: number): Promise<number> {
    await this.#send(window, boxes);
    return this.#number();
  }

  /** @returns p99 in ms from a request to its command at the box; one request after the other while `going` */
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
    await this.#hold.stop();
    await this.#broker.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
