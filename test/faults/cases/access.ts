/** Who gets in: a key that is let in counts, and a box that is revoked is cut off, within 5 s at each daemon, with the line at work beside it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Publisher, Subscriber } from 'zeromq';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { type KeyPair, newKeyPair } from '../../../keys/key.js';
import * as proto from '../../../proto/index.js';
import type { FaultCase } from '../case.js';
import type { FaultLine } from '../line.js';
import { course } from '../scenario.js';

/** The longest that letting in and cutting off may take, s. */
const LIMIT_S = 5;
/** How long a stranger knocks in vain, and for how long a revoked box must stay silent, ms. */
const WATCHED_MS = 6000;
const KNOCK_EVERY_MS = 250;
/** An id without a certificate. */
const NEWCOMER = 5;

interface Way {
  letIn(line: FaultLine, key: string): Promise<void>;
  revoke(line: FaultLine): Promise<void>;
}

const byCertificate: Way = {
  letIn: (line, key) => makaiKeys(line, 'accept', '--', key, String(NEWCOMER)),
  revoke: (line) => makaiKeys(line, 'revoke', String(NEWCOMER)),
};
const byStore: Way = {
  letIn: (line, public_key) => putBox(line, { public_key }),
  revoke: (line) => putBox(line, {}),
};

export const ACCESS: readonly FaultCase[] = [
  {
    name: 'a box let in and cut off by its certificate',
    stores: ['sqlite'],
    run: (store) => course({ store, all: true, fault: (line) => inAndOut(line, byCertificate) }),
  },
  {
    name: 'a box let in and cut off by opq_boxes',
    stores: ['sqlite', 'mongo'],
    run: (store) => course({ store, whiteList: 'both', all: true, fault: (line) => inAndOut(line, byStore) }),
  },
];

async function inAndOut(line: FaultLine, way: Way): Promise<string[]> {
  const box = new Knocking(line, newKeyPair());
  const store = await line.openStore();
  try {
    await sleep(WATCHED_MS);
    if (box.openSince.size > 0) throw new Error('a key that nobody let in came in');

    const letInAt = Date.now();
    await way.letIn(line, box.publicKey);
    const done = Date.now();
    let storedAt = 0;
    while (storedAt === 0 || box.openSince.size < 2) {
      if (Date.now() - letInAt > 60_000)
        throw new Error('a box that was let in did not come in for a minute');
      const newest = (await store.newestByBox()).find(({ boxId }) => boxId === String(NEWCOMER));
      if (storedAt === 0 && newest !== undefined) storedAt = Date.now();
      await sleep(20);
    }
    const entered = {
      'triggering-broker': box.openSince.get('interface') ?? 0,
      'acquisition-broker': box.openSince.get('box_pub') ?? 0,
      'triggering-service (stored)': storedAt,
    };

    const revokedAt = Date.now();
    await way.revoke(line);
    const revoked = Date.now();
    await sleep(LIMIT_S * 1000 + WATCHED_MS);
    if (box.openSince.size > 0) throw new Error('a revoked box is still connected');
    const left = {
      'triggering-broker': box.lastHeardAt,
      'acquisition-broker': box.closedAt.get('box_pub') ?? Number.POSITIVE_INFINITY,
    };
    return [told('let in', letInAt, done, entered), told('cut off', revokedAt, revoked, left)];
  } finally {
    box.stop();
    await store.close();
  }
}

/** @throws Error when one took longer than the limit; times count from the end of the command */
function told(
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

/** A box that tries every moment with new sockets, so that what is seen is the daemons' delay and not libzmq's pause. */
class Knocking {
  readonly publicKey: string;
  /** by endpoint: since when it is connected, Unix ms */
  readonly openSince = new Map<string, number>();
  readonly closedAt = new Map<string, number>();
  /** when a measurement of the box last came out of the triggering broker, Unix ms */
  lastHeardAt = 0;
  readonly #line: FaultLine;
  readonly #curve: { curvePublicKey: string; curveSecretKey: string; curveServerKey: string };
  readonly #sockets = new Map<string, Publisher | Subscriber>();
  readonly #listener = new Subscriber({ linger: 0 });
  readonly #timer: NodeJS.Timeout;

  constructor(line: FaultLine, { publicKey, secretKey }: KeyPair) {
    this.#line = line;
    this.publicKey = publicKey;
    this.#curve = {
      curvePublicKey: publicKey,
      curveSecretKey: secretKey.reveal(),
      curveServerKey: line.serverKey,
    };
    this.#listener.subscribe(String(NEWCOMER));
    this.#listener.connect(line.field('triggering-broker', 'backend'));
    void (async () => {
      for await (const [topic] of this.#listener)
        if (String(topic) === String(NEWCOMER)) this.lastHeardAt = Date.now();
    })();
    this.#timer = setInterval(() => this.#tick(), KNOCK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const socket of [this.#listener, ...this.#sockets.values()]) socket.close();
  }

  #tick(): void {
    for (const endpoint of ['interface', 'box_pub']) if (!this.openSince.has(endpoint)) this.#knock(endpoint);
    const stream = this.#sockets.get('interface');
    if (!(stream instanceof Publisher) || !this.openSince.has('interface')) return;
    const now = { id: NEWCOMER, time: Date.now(), frequency: 60, rms: 120 };
    // PUB never waits.
    void stream.send([String(NEWCOMER), proto.triggerMessage.encode(now)]).catch(() => undefined);
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

async function putBox(line: FaultLine, key: { public_key?: string }): Promise<void> {
  const store = await line.openStore();
  await store.putBox({ box_id: String(NEWCOMER), calibration_constant: 1, unplugged: false, ...key });
  await store.close();
}
