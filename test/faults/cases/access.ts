/** Access under load: an approved key is accepted, and a revoked box is disconnected, within 5 s at each daemon. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Publisher, Subscriber } from 'zeromq';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { newKeyPair } from '../../../keys/key.js';
import * as proto from '../../../proto/index.js';
import type { FaultCase } from '../case.js';
import type { FaultLine } from '../line.js';
import { course } from '../scenario.js';

/** Max time to approve or to disconnect, s. */
const LIMIT_S = 5;
/** How long an unknown box tries before it is approved, and how long a revoked box must stay silent, ms. */
const WATCHED_MS = 6000;
const KNOCK_EVERY_MS = 250;
/** Ids without a certificate. */
const NEWCOMERS = [5, 6] as const;
type Newcomer = (typeof NEWCOMERS)[number];
/** After this time a request to the hanging store is in progress, ms. */
const HANGING_MS = 4000;

interface Way {
  letIn(line: FaultLine, box: Knocking): Promise<void>;
  revoke(line: FaultLine, box: Knocking): Promise<void>;
}

const byCertificate: Way = {
  letIn: (line, { id, publicKey }) => makaiKeys(line, 'accept', '--', publicKey, String(id)),
  revoke: (line, { id }) => makaiKeys(line, 'revoke', String(id)),
};
const byStore: Way = {
  letIn: (line, { id, publicKey }) => putBox(line, id, { public_key: publicKey }),
  revoke: (line, { id }) => putBox(line, id, {}),
};

export const ACCESS: readonly FaultCase[] = [
  {
    name: 'boxes approved and disconnected by their certificates',
    stores: ['sqlite'],
    run: (store) => course({ store, all: true, fault: (line) => inAndOut(line, byCertificate) }),
  },
  {
    name: 'boxes approved and disconnected by opq_boxes',
    stores: ['sqlite', 'mongo'],
    run: (store) => course({ store, whiteList: 'both', all: true, fault: (line) => inAndOut(line, byStore) }),
  },
  {
    name: 'a box is disconnected by its certificate while the store hangs, another is approved when the store is back',
    stores: ['mongo'],
    run: (store) => course({ store, whiteList: 'both', all: true, fault: outWhileStoreHangs }),
  },
];

async function inAndOut(line: FaultLine, way: Way): Promise<string[]> {
  const [first, second] = [new Knocking(line, 5), new Knocking(line, 6)];
  const store = await line.openStore();
  try {
    await sleep(WATCHED_MS);
    if (first.openSince.size + second.openSince.size > 0)
      throw new Error('a key that nobody approved was accepted');

    const began = Date.now();
    await way.letIn(line, first);
    const done = Date.now();
    let storedAt = 0;
    await first.within(60_000, 'came in and was stored', async () => {
      const newest = (await store.newestByBox()).find(({ boxId }) => boxId === String(first.id));
      if (storedAt === 0 && newest !== undefined) storedAt = Date.now();
      return storedAt > 0 && first.isIn;
    });
    const entered = { ...first.enteredAt(), 'triggering-service (stored)': storedAt };
    const notes = [report('let in', began, done, entered)];

    await way.letIn(line, second);
    await second.within(60_000, 'came in', () => second.isIn);
    const revoked = [await timed(() => way.revoke(line, first))];
    // Revoke the second box at the moment when all boxes have been disconnected because of the first.
    await first.within(60_000, 'was cut off', () => first.openSince.size < 2);
    revoked.push(await timed(() => way.revoke(line, second)));
    await sleep(LIMIT_S * 1000 + WATCHED_MS);
    for (const [index, box] of [first, second].entries()) {
      const { beganAt, doneAt } = revoked[index] ?? { beganAt: 0, doneAt: 0 };
      const what = index === 0 ? 'cut off' : 'cut off right after another';
      notes.push(report(what, beganAt, doneAt, box.leftAt()));
    }
    return notes;
  } finally {
    first.stop();
    second.stop();
    await store.close();
  }
}

async function outWhileStoreHangs(line: FaultLine): Promise<string[]> {
  const control = line.mongo?.control;
  if (control === undefined) throw new Error('the server is not ours to stop');
  const [box, later] = [new Knocking(line, 5), new Knocking(line, 6)];
  try {
    await byCertificate.letIn(line, box);
    await box.within(60_000, 'came in', () => box.isIn);
    control.freeze();
    await sleep(HANGING_MS);
    const { beganAt, doneAt } = await timed(() => byCertificate.revoke(line, box));
    await sleep(LIMIT_S * 1000 + WATCHED_MS);
    const notes = [report('cut off while the store hangs', beganAt, doneAt, box.leftAt())];
    control.thaw();
    // Keys of the store are used again: no daemon keeps using the connection that hung.
    const back = await timed(() => byStore.letIn(line, later));
    await later.within(60_000, 'came in', () => later.isIn);
    const entered = Object.entries(later.enteredAt())
      .map(([who, at]) => `${who} after ${(Math.max(0, at - back.doneAt) / 1000).toFixed(1)} s`)
      .join(', ');
    return [...notes, `let in by opq_boxes when the store was back: ${entered}`];
  } finally {
    control.thaw();
    box.stop();
    later.stop();
  }
}

async function timed(work: () => Promise<void>): Promise<{ beganAt: number; doneAt: number }> {
  const beganAt = Date.now();
  await work();
  return { beganAt, doneAt: Date.now() };
}

/** @throws Error when a daemon took longer than the limit; times count from the end of the command */
function report(
  what: string,
  beganAt: number,
  doneAt: number,
  moments: Readonly<Record<string, number>>,
): string {
  const seconds = Object.entries(moments).map(([who, at]) => ({ who, s: Math.max(0, at - doneAt) / 1000 }));
  const late = seconds.find(({ s }) => !(s <= LIMIT_S));
  const line = seconds.map(({ s, who }) => `${who} after ${s.toFixed(1)} s`).join(', ');
  if (late !== undefined) throw new Error(`${what}: ${line}; at most ${LIMIT_S} s`);
  return `${what} (the command took ${((doneAt - beganAt) / 1000).toFixed(1)} s): ${line}; at most ${LIMIT_S} s`;
}

/** A box that keeps trying with new sockets, so that the test measures the delay of the daemons and not libzmq's pause. */
class Knocking {
  readonly id: Newcomer;
  readonly publicKey: string;
  /** by endpoint: time of the connection, Unix ms */
  readonly openSince = new Map<string, number>();
  readonly closedAt = new Map<string, number>();
  /** time of the box's last measurement from the triggering broker, Unix ms */
  lastHeardAt = 0;
  readonly #line: FaultLine;
  readonly #curve: { curvePublicKey: string; curveSecretKey: string; curveServerKey: string };
  readonly #sockets = new Map<string, Publisher | Subscriber>();
  readonly #listener = new Subscriber({ linger: 0 });
  readonly #timer: NodeJS.Timeout;

  constructor(line: FaultLine, id: Newcomer) {
    const { publicKey, secretKey } = newKeyPair();
    this.#line = line;
    this.id = id;
    this.publicKey = publicKey;
    this.#curve = {
      curvePublicKey: publicKey,
      curveSecretKey: secretKey.reveal(),
      curveServerKey: line.serverKey,
    };
    this.#listener.subscribe(String(id));
    this.#listener.connect(line.field('triggering-broker', 'backend'));
    void (async () => {
      for await (const [topic] of this.#listener)
        if (String(topic) === String(id)) this.lastHeardAt = Date.now();
    })();
    this.#timer = setInterval(() => this.#tick(), KNOCK_EVERY_MS);
  }

  /** Connected to both brokers. */
  get isIn(): boolean {
    return this.openSince.size === 2;
  }

  enteredAt(): Record<string, number> {
    return {
      'triggering-broker': this.openSince.get('interface') ?? 0,
      'acquisition-broker': this.openSince.get('box_pub') ?? 0,
    };
  }

  /** When it was connected for the last time. @throws Error if it still is */
  leftAt(): Record<string, number> {
    if (this.openSince.size > 0) throw new Error(`box ${this.id} was revoked and is still connected`);
    return {
      'triggering-broker': this.lastHeardAt,
      'acquisition-broker': this.closedAt.get('box_pub') ?? Number.POSITIVE_INFINITY,
    };
  }

  /** Polls a condition. @throws Error after the time */
  async within(ms: number, what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    for (const from = Date.now(); !(await condition()); await sleep(5))
      if (Date.now() - from > ms) throw new Error(`box ${this.id}: not ${what} within ${ms / 1000} s`);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const socket of [this.#listener, ...this.#sockets.values()]) socket.close();
  }

  #tick(): void {
    for (const endpoint of ['interface', 'box_pub']) if (!this.openSince.has(endpoint)) this.#knock(endpoint);
    const stream = this.#sockets.get('interface');
    if (!(stream instanceof Publisher) || !this.openSince.has('interface')) return;
    const now = { id: this.id, time: Date.now(), frequency: 60, rms: 120 };
    // PUB never waits.
    void stream.send([String(this.id), proto.triggerMessage.encode(now)]).catch(() => undefined);
  }

  #knock(endpoint: string): void {
    this.#sockets.get(endpoint)?.close();
    const options = { linger: 0, ...this.#curve };
    const socket = endpoint === 'interface' ? new Publisher(options) : new Subscriber(options);
    this.#sockets.set(endpoint, socket);
    socket.events.on('handshake', () => {
      if (this.#sockets.get(endpoint) === socket) this.openSince.set(endpoint, Date.now());
    });
    socket.events.on('disconnect', () => {
      if (this.#sockets.get(endpoint) !== socket || !this.openSince.delete(endpoint)) return;
      this.closedAt.set(endpoint, Date.now());
    });
    const kind = endpoint === 'interface' ? 'triggering-broker' : 'acquisition-broker';
    socket.connect(this.#line.field(kind, endpoint));
  }
}

async function makaiKeys(line: FaultLine, verb: string, ...args: string[]): Promise<void> {
  const program = join(PACKAGE_ROOT, 'dist/cli/main.js');
  const directory = ['--dir', line.workspace.keyDirectory];
  await promisify(execFile)(process.execPath, [program, 'keys', verb, ...directory, ...args]);
}

async function putBox(line: FaultLine, id: Newcomer, key: { public_key?: string }): Promise<void> {
  const store = await line.openStore();
  await store.putBox({ box_id: String(id), calibration_constant: 1, unplugged: false, ...key });
  await store.close();
}
