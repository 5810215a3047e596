/** A broker on real CURVE sockets and a real SQLite file, with hand-made boxes and clients around it. */
import { join } from 'node:path';
import { Push, Request, Subscriber } from 'zeromq';
import { type AcquisitionBroker, startAcquisitionBroker } from '../../acquisition-broker/index.js';
import type { Box } from '../../box/index.js';
import type { Clock } from '../../common/clock.js';
import { type Logger, silentLogger } from '../../common/log.js';
import { parseSettings } from '../../config/index.js';
import { writeSecretCertificate } from '../../keys/files.js';
import { type KeyPair, newKeyPair } from '../../keys/key.js';
import type { KeyLayout } from '../../keys/layout.js';
import * as proto from '../../proto/index.js';
import { openSqliteStore } from '../../store/sqlite/index.js';
import type { BoxEventDocument, EventDocument, Store } from '../../store/store.js';
import { temporaryKeys, until } from '../keys/helpers.js';
import { STORE_THREAD } from '../support/store-thread.js';
import { Inbox } from './inbox.js';

export { until };

/** Samples of one cycle at 12 kHz. */
export const CYCLE_SAMPLES = 200;

export interface RigOptions {
  /** boxes that have a certificate */
  boxes?: readonly number[];
  config?: Record<string, unknown>;
  log?: Logger;
  clock?: Clock;
  /** in place of the SQLite file */
  wrapStore?(store: Store): Store;
  /** fields that need what the rig has made */
  configOf?(made: { directory: string; layout: KeyLayout }): Promise<Record<string, unknown>>;
}

export interface Rig {
  broker: AcquisitionBroker;
  store: Store;
  directory: string;
  box(id: number, dialect: 2 | 3): Promise<FakeBox>;
  /** @param curve keys, where the backend is under CURVE */
  client(curve?: ClientCurve): Promise<FakeClient>;
  layout: KeyLayout;
  /** keys of a box with a certificate, and the server's public key */
  keysOf(id: number): KeyPair;
  serverKey: string;
  rejected(reason: string): number;
  event(id: number): Promise<EventDocument>;
  /** waits until so many boxes of an event are stored */
  stored(eventId: number, boxes: number): Promise<BoxEventDocument[]>;
  stop(): Promise<void>;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const keys = await temporaryKeys();
  const server = newKeyPair();
  const pairs = new Map<number, KeyPair>();
  await writeSecretCertificate(keys.layout.serverSecret, { boxId: undefined, ...server });
  for (const id of options.boxes ?? [1001, 1002, 7, 8, 77]) pairs.set(id, await keys.box(String(id)));
  const file = await openSqliteStore(join(keys.directory, 'makai.db'), {
    retention: { mode: 'ttl', measurementsSeconds: 86_400 },
    thread: STORE_THREAD,
  });
  const store = options.wrapStore?.(file) ?? file;
  const config = parseSettings('acquisition-broker', {
    client_certs: keys.layout.publicDirectory,
    server_cert: keys.layout.serverSecret,
    ...freeEndpoints(),
    identity: 'test-broker',
    status: 'off',
    metric_update_sec: 0,
    ...options.config,
    ...(await options.configOf?.({ directory: keys.directory, layout: keys.layout })),
  });
  const log = options.log ?? silentLogger();
  const clock = options.clock === undefined ? {} : { clock: options.clock };
  const broker = await startAcquisitionBroker(config, { store, log, noticesHoldMs: 0, ...clock });
  const peers: { close(): void }[] = [];
  const keysOf = (id: number): KeyPair => pairs.get(id) ?? fail(`box ${id} has no certificate`);
  return {
    broker,
    store,
    directory: keys.directory,
    serverKey: server.publicKey,
    keysOf,
    async box(id, dialect) {
      const box = new FakeBox(id, dialect, broker.endpoints, keysOf(id), server.publicKey);
      peers.push(box);
      await box.heard(broker);
      return box;
    },
    layout: keys.layout,
    async client(curve) {
      const client = new FakeClient(broker.endpoints, curve);
      peers.push(client);
      await client.connected();
      return client;
    },
    rejected: (reason) => broker.status().dropped[reason] ?? 0,
    event: async (id) => (await store.event(id)) ?? fail(`no event ${id}`),
    async stored(eventId, boxes) {
      await until(async () => (await store.boxEvents(eventId)).length >= boxes);
      await until(async () => ((await store.event(eventId))?.boxes_received.length ?? 0) >= boxes);
      return store.boxEvents(eventId);
    },
    async stop() {
      for (const peer of peers) peer.close();
      await broker.stop();
      await file.close();
      await keys.remove();
    },
  };
}

export function freeEndpoints(): Record<string, string> {
  const names = [
    'box_pub',
    'box_pull',
    'backend_pull',
    'backend_pub',
    'zmq_event_endpoint',
    'zmq_event_id_endpoint',
  ];
  return Object.fromEntries(names.map((name) => [name, 'tcp://127.0.0.1:*']));
}

function fail(message: string): never {
  throw new Error(message);
}

type Endpoints = Readonly<Record<string, string>>;

/** Keys of a CURVE client. */
export interface ClientCurve {
  curveServerKey: string;
  curvePublicKey: string;
  curveSecretKey: string;
}

/** A box that replies what the test wants. */
export class FakeBox {
  readonly id: number;
  readonly dialect: 2 | 3;
  /** what came on its SUB socket, PINGs aside */
  readonly commands: Inbox<Buffer[]>;
  readonly pings: Inbox<Buffer[]> = new Inbox();
  readonly #subscriber: Subscriber;
  readonly #push: Push;

  constructor(id: number, dialect: 2 | 3, endpoints: Endpoints, keys: KeyPair, serverKey: string) {
    this.id = id;
    this.dialect = dialect;
    const curve = {
      curveServerKey: serverKey,
      curvePublicKey: keys.publicKey,
      curveSecretKey: keys.secretKey.reveal(),
      linger: 0,
    };
    this.#subscriber = new Subscriber(curve);
    this.#push = new Push(curve);
    this.#subscriber.subscribe(dialect === 2 ? '' : String(id));
    this.#subscriber.connect(endpoints.box_pub ?? '');
    this.#push.connect(endpoints.box_pull ?? '');
    this.commands = new Inbox();
    void this.#listen();
  }

  /** Waits until the broker knows of the box; a Box 2 answers the PING that greets it. */
  async heard(broker: AcquisitionBroker): Promise<void> {
    const id = String(this.id);
    if (this.dialect === 3) return until(() => broker.status().boxes.box3?.ids.includes(id) ?? false);
    await this.pings.next();
    await this.pong(0);
    await until(() => broker.status().boxes.box2?.ids.includes(id) ?? false);
  }

  send(frames: (string | Uint8Array)[]): Promise<void> {
    return this.#push.send(frames);
  }

  pong(sequenceNumber: number): Promise<void> {
    return this.send([
      proto.requestData.encode({ type: 'PONG', sequenceNumber, boxId: this.id, time: Date.now() }),
    ]);
  }

  /** The next READ, as `command`; the Commands that a Box 2 hears too are passed over. */
  async read(eventId?: number): Promise<proto.RequestDataMessage> {
    for (;;) {
      const [topic, message] = await this.commands.next();
      if (topic?.toString() !== 'evget' || message === undefined) continue;
      const read = proto.requestData.decode(message);
      if (eventId === undefined || read.sequenceNumber === eventId) return read;
    }
  }

  /** The next Command, whatever its topic; the one of an event, where its id or token is given: a slow machine may bring one of an earlier event late. */
  async command(eventId?: number | string): Promise<proto.Command> {
    for (;;) {
      const [, message] = await this.commands.next();
      const command = proto.command.decode(message ?? new Uint8Array());
      if (eventId === undefined || command.identity.startsWith(`data_${eventId}_`)) return command;
    }
  }

  /** Answers a READ as a Box 2 does. */
  answerRead(read: proto.RequestDataMessage, cycles?: proto.Waveform, perFrame = 10): Promise<void> {
    const head = proto.requestData.encode({ ...read, type: 'RESP', boxId: this.id, time: Date.now() });
    const frames = cycles === undefined ? [] : blocksOf(cycles, perFrame);
    return this.send([head, ...frames.map((block) => proto.encodeCycles2(this.id, block))]);
  }

  /** Answers a Command for data as a Box 3 does. */
  answerData({ seq }: proto.Command, cycles?: proto.Waveform, boxId = this.id): Promise<void> {
    const startTs = cycles?.timesMs[0] ?? 0;
    const endTs = cycles?.timesMs.at(-1) ?? 0;
    return this.answer(seq, { kind: 'data', startTs, endTs }, cycles, boxId);
  }

  answer(seq: number, body: proto.ResponseBody, cycles?: proto.Waveform, boxId = this.id): Promise<void> {
    const head = proto.response.encode({ boxId, seq, timestampMs: Date.now(), body });
    return this.send([head, ...(cycles === undefined ? [] : proto.encodeCycles3(cycles))]);
  }

  close(): void {
    this.#subscriber.close();
    this.#push.close();
  }

  async #listen(): Promise<void> {
    for await (const frames of this.#subscriber) {
      const isPing = frames[0]?.toString() === 'evget' && frames[1]?.[1] === 1;
      (isPing ? this.pings : this.commands).put(frames);
    }
  }
}

/** A service: asks, and hears what is announced. */
export class FakeClient {
  /** everything on `backend_pub` */
  readonly heard = new Inbox<Buffer[]>();
  /** on `zmq_event_endpoint` */
  readonly notices = new Inbox<Buffer[]>();
  readonly #push: Push;
  readonly #subscriber: Subscriber;
  readonly #notices: Subscriber;
  readonly #request: Request;
  readonly #connected: Promise<unknown>;

  constructor(endpoints: Endpoints, curve?: ClientCurve) {
    const options = { linger: 0, ...curve };
    this.#push = new Push(options);
    this.#subscriber = new Subscriber(options);
    this.#notices = new Subscriber(options);
    this.#request = new Request(options);
    const subscribers = [this.#subscriber, this.#notices];
    this.#connected = Promise.all(
      subscribers.map(
        (socket) => new Promise<void>((resolve) => socket.events.on('handshake', () => resolve())),
      ),
    );
    for (const socket of subscribers) socket.subscribe();
    this.#push.connect(endpoints.backend_pull ?? '');
    this.#subscriber.connect(endpoints.backend_pub ?? '');
    this.#notices.connect(endpoints.zmq_event_endpoint ?? '');
    this.#request.connect(endpoints.zmq_event_id_endpoint ?? '');
    void listen(this.#subscriber, this.heard);
    void listen(this.#notices, this.notices);
  }

  /** Both subscriptions are in force: they were sent before the question that is answered here. */
  async connected(): Promise<void> {
    await this.#connected;
    await this.number('');
  }

  /** Asks for an event number. */
  async number(text: string): Promise<number> {
    await this.#request.send(text);
    const [answer] = await this.#request.receive();
    return Number(answer?.toString());
  }

  send(...frames: (string | Uint8Array)[]): Promise<void> {
    return this.#push.send(frames);
  }

  request(message: Partial<proto.RequestEventMessage> & { startMs: number; endMs: number }): Promise<void> {
    return this.send(
      proto.requestEvent.encode({
        triggerType: 'OTHER',
        percentMagnitude: 0,
        boxIds: [],
        requestee: 'test',
        description: 'a test',
        requestData: true,
        ...message,
      }),
    );
  }

  command(command: Partial<proto.Command> & Pick<proto.Command, 'boxId' | 'body'>): Promise<void> {
    return this.send(
      proto.command.encode({ seq: 0, timestampMs: Date.now(), identity: 'viewer_1', ...command }),
    );
  }

  /** The number in the next `evnew`. */
  async evnew(): Promise<number> {
    const [topic, number] = await this.heard.next();
    if (topic?.toString() !== 'evnew') throw new Error(`not evnew: ${topic?.toString()}`);
    return Number(number?.toString());
  }

  close(): void {
    for (const socket of [this.#push, this.#subscriber, this.#notices, this.#request]) socket.close();
  }
}

async function listen(socket: Subscriber, inbox: Inbox<Buffer[]>): Promise<void> {
  for await (const frames of socket) inbox.put(frames);
}

/** Waits until a simulated box holds its last seconds: a machine that was slow to start it leaves a gap before its first measurement. */
export function recorded(box: Box, seconds: number): Promise<void> {
  return until(() => {
    const now = Date.now();
    return box.waveform(now - 1000 * seconds, now).timesMs.length >= 60 * seconds - 10;
  });
}

/** Cycles of 16⅔ ms from `fromMs` to before `toMs`, each with its number in the first sample. */
export function cyclesBetween(fromMs: number, toMs: number): proto.Waveform {
  const timesMs: number[] = [];
  for (let i = 0; fromMs + (i * 50) / 3 < toMs; i += 1) timesMs.push(Math.floor(fromMs + (i * 50) / 3));
  const samples = new Int16Array(timesMs.length * CYCLE_SAMPLES);
  for (const [i] of timesMs.entries()) {
    for (let k = 0; k < CYCLE_SAMPLES; k += 1) {
      samples[i * CYCLE_SAMPLES + k] =
        k === 0 ? i : Math.round(16_000 * Math.sin((2 * Math.PI * k) / CYCLE_SAMPLES));
    }
  }
  return { timesMs, cycleLengths: timesMs.map(() => CYCLE_SAMPLES), samples };
}

/** A waveform cut into blocks of so many cycles. */
function* blocks(
  { cycleLengths, samples, timesMs }: proto.Waveform,
  size: number,
): Generator<proto.Waveform> {
  for (let from = 0, at = 0; from < timesMs.length; from += size) {
    const lengths = cycleLengths.slice(from, from + size);
    const end = at + lengths.reduce((sum, length) => sum + length, 0);
    yield {
      timesMs: timesMs.slice(from, from + size),
      cycleLengths: lengths,
      samples: samples.subarray(at, end),
    };
    at = end;
  }
}

export function blocksOf(waveform: proto.Waveform, size: number): proto.Waveform[] {
  return [...blocks(waveform, size)];
}

export function bytesOf(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}
