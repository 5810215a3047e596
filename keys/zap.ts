/**
 * The ZAP handler: libzmq asks it, in every handshake with a CURVE server socket, whether the client's key may enter.
 *
 * libzmq knows one handler a process (inproc://zeromq.zap.01), so the handler is shared: each daemon opens a gate under a
 * domain of its own, the first gate starts the handler and the last one stops it. Open the gate before binding the
 * sockets, close it after them, and set `zapEnforceDomain`: without a handler libzmq would otherwise let everyone in.
 */
import { setTimeout } from 'node:timers/promises';
import { Router } from 'zeromq';
import { bindWhenFree } from '../common/bind.js';
import { codeOf, messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { type AllowList, keyText } from './allow-list.js';
import { Refusals } from './refusals.js';
import { parseZapRequest, ZAP_ENDPOINT, type ZapRequest, type ZapStatus, zapReply } from './zap-message.js';

/** Socket options of a CURVE server socket behind a gate, beside its keys. */
export interface GateSocketOptions {
  zapDomain: string;
  zapEnforceDomain: true;
}

export interface GateStatus {
  admitted: number;
  refused: Record<'unknown' | 'revoked' | 'unavailable' | 'not-curve', number>;
  /** different keys refused and not forgotten */
  refused_keys: number;
  refused_keys_forgotten: number;
}

const AFTER_ERROR_MS = 100;

/** What ZAP decides for the sockets of one daemon. */
export class Gate implements Running {
  readonly domain: string;
  readonly refusals: Refusals;
  readonly #allow: AllowList;
  readonly #log: Logger;
  readonly #unlisten: () => void;
  readonly #admittedKeys = new Set<string>();
  readonly #refused = { unknown: 0, revoked: 0, unavailable: 0, 'not-curve': 0 };
  #admitted = 0;

  constructor(domain: string, allow: AllowList, log: Logger, refusals: Refusals = new Refusals()) {
    this.domain = domain;
    this.refusals = refusals;
    this.#allow = allow;
    this.#log = log;
    this.#unlisten = allow.onChange(({ added }) => {
      for (const key of added) refusals.forget(Buffer.from(key, 'latin1'));
    });
  }

  get socketOptions(): GateSocketOptions {
    return { zapDomain: this.domain, zapEnforceDomain: true };
  }

  decide({ key, address }: ZapRequest): { status: ZapStatus; userId: string } {
    if (key === undefined) {
      this.#refused['not-curve'] += 1;
      return { status: 300, userId: '' };
    }
    const verdict = this.#allow.check(key);
    if (verdict === 'known') {
      this.#admitted += 1;
      this.#remember(key);
      return { status: 200, userId: this.#allow.boxId(key) ?? '' };
    }
    this.#refused[verdict] += 1;
    const entry = this.refusals.add(key, address, verdict);
    // Once a key, not once an attempt: a refused box comes back every 30 s with each of its sockets.
    if (entry.count === 1) {
      this.#log.warn(
        { publicKey: entry.public_key, address, reason: verdict },
        'refused a key; `makai keys pending` lists it (a Box 3 without keys of its own comes with a new one at each start)',
      );
    }
    return { status: verdict === 'revoked' ? 400 : 300, userId: '' };
  }

  /** Whether any of these keys was let in since the last `forgetAdmitted`: its connection may be open still. */
  admittedAny(keys: ReadonlySet<string>): boolean {
    for (const key of keys) if (this.#admittedKeys.has(key)) return true;
    return false;
  }

  /** To be called when all sockets of this gate have been closed. */
  forgetAdmitted(): void {
    this.#admittedKeys.clear();
  }

  status(): GateStatus {
    return {
      admitted: this.#admitted,
      refused: { ...this.#refused },
      refused_keys: this.refusals.list().length,
      refused_keys_forgotten: this.refusals.forgotten,
    };
  }

  async stop(): Promise<void> {
    this.#unlisten();
    await closeGate(this);
  }

  #remember(key: Buffer): void {
    this.#admittedKeys.add(keyText(key));
  }
}

const gates = new Map<string, Gate>();
let handler: Handler | undefined;
/** Starting and stopping the handler, one after the other. */
let queue: Promise<unknown> = Promise.resolve();

/**
 * Opens a gate under a domain of its own in this process.
 * @param name  begins the domain, e.g. 'triggering-broker'
 */
export async function openGate(name: string, allow: AllowList, log: Logger): Promise<Gate> {
  let domain = name;
  for (let number = 2; gates.has(domain); number += 1) domain = `${name}-${number}`;
  const gate = new Gate(domain, allow, log);
  gates.set(domain, gate);
  try {
    await inTurn(async () => {
      handler ??= await Handler.start(log);
    });
  } catch (error) {
    gates.delete(domain);
    throw error;
  }
  return gate;
}

async function closeGate(gate: Gate): Promise<void> {
  if (gates.get(gate.domain) !== gate) return;
  gates.delete(gate.domain);
  await inTurn(async () => {
    if (gates.size > 0) return;
    const last = handler;
    handler = undefined;
    await last?.stop();
  });
}

function inTurn(work: () => Promise<void>): Promise<void> {
  const turn = queue.then(work);
  queue = turn.catch(() => undefined);
  return turn;
}

class Handler {
  readonly #socket: Router;
  readonly #done: Promise<void>;

  static async start(log: Logger): Promise<Handler> {
    const socket = new Router({ linger: 0 });
    await bindWhenFree(socket, ZAP_ENDPOINT);
    return new Handler(socket, log);
  }

  private constructor(socket: Router, log: Logger) {
    this.#socket = socket;
    this.#done = this.#run(log);
  }

  async stop(): Promise<void> {
    this.#socket.close();
    await this.#done;
  }

  async #run(log: Logger): Promise<void> {
    while (!this.#socket.closed) {
      try {
        const [peer, delimiter, ...frames] = await this.#socket.receive();
        const request = parseZapRequest(frames);
        if (peer === undefined || delimiter === undefined || request === undefined) continue;
        const { status, userId } = gates.get(request.domain)?.decide(request) ?? { status: 300, userId: '' };
        await this.#socket.send([peer, delimiter, ...zapReply(request.requestId, status, userId)]);
      } catch (error) {
        if (this.#socket.closed) return;
        log.error({ error: messageOf(error), code: codeOf(error) }, 'ZAP handler');
        await setTimeout(AFTER_ERROR_MS);
      }
    }
  }
}
