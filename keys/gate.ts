/** What ZAP decides for the sockets of one daemon, and what is remembered of it. Created by `openGate` in zap.ts. */

import { DEFAULT_BOX_ID } from '../common/box-id.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { ThrottledLog } from '../common/throttled-log.js';
import type { Connections } from '../zmq/connections.js';
import { type AllowList, keyText } from './allow-list.js';
import { KeyConnections } from './key-connections.js';
import { Refusals, type RefusedKey } from './refusals.js';
import type { ZapRequest, ZapStatus } from './zap-message.js';

/** Ends the domain of endpoints that carry the server's next key while keys are changed. */
export const NEXT_DOMAIN = '/next';

/** Keys that are remembered as connected. More can only connect where everyone may: then it is no longer known who is connected. */
const ADMITTED_LIMIT = 100_000;
const LINES_PER_MINUTE = 20;

/** Options of a CURVE server socket behind a gate, beside its keys. They hold for the endpoints bound after they are set. */
export interface GateSocketOptions {
  zapDomain: string;
  zapEnforceDomain: true;
}

export interface GateStatus {
  /** handshakes refused */
  refused: Record<'unknown' | 'revoked' | 'unavailable' | 'no_curve', number>;
  /** different keys refused and not forgotten: as many as there are in `pending` */
  refused_keys: number;
  refused_keys_forgotten: number;
  /** newest first */
  pending: RefusedKey[];
  /** ids that came last with the server's present key, and with its next one */
  boxes_on_key: { present: number; next: number; present_ids: string[]; next_ids: string[] };
}

export class Gate implements Running {
  readonly domain: string;
  readonly refusals: Refusals;
  /** handshakes of each box's key that passed */
  readonly connections = new KeyConnections();
  readonly #allow: AllowList;
  readonly #log: ThrottledLog;
  readonly #close: () => Promise<void>;
  readonly #unlisten: () => void;
  /** keys that connected since the sockets were opened */
  readonly #connected = new Set<string>();
  /** box id → whether it came last by an endpoint with the next key */
  readonly #onNextKey = new Map<string, boolean>();
  readonly #refused = { unknown: 0, revoked: 0, unavailable: 0, no_curve: 0 };
  #defaultIdLogged = false;
  #connectedUnknown = false;

  /** @param close takes the gate out of the handler */
  constructor(
    domain: string,
    allow: AllowList,
    log: Logger,
    close: () => Promise<void>,
    refusals: Refusals = new Refusals(),
  ) {
    this.domain = domain;
    this.refusals = refusals;
    this.#allow = allow;
    this.#log = new ThrottledLog(log, { perMinute: LINES_PER_MINUTE });
    this.#close = close;
    this.#unlisten = allow.onChange(({ added }) => {
      for (const key of added) refusals.forget(Buffer.from(key, 'latin1'));
      const ids = allow.boxIds();
      for (const id of this.#onNextKey.keys()) if (!ids.has(id)) this.#onNextKey.delete(id);
    });
  }

  /** For endpoints with the server's present key. */
  get socketOptions(): GateSocketOptions {
    return { zapDomain: this.domain, zapEnforceDomain: true };
  }

  /** For endpoints with the server's next key. */
  get nextSocketOptions(): GateSocketOptions {
    return { zapDomain: `${this.domain}${NEXT_DOMAIN}`, zapEnforceDomain: true };
  }

  /** @param onNextKey whether the endpoint carries the server's next key */
  decide({ key, address }: ZapRequest, onNextKey = false): { status: ZapStatus; userId: string } {
    if (key === undefined) {
      this.#refused.no_curve += 1;
      return { status: 300, userId: '' };
    }
    const verdict = this.#allow.check(key);
    if (verdict === 'known') return { status: 200, userId: this.#admit(key, address, onNextKey) };
    this.#refused[verdict] += 1;
    const entry = this.refusals.add(key, address, verdict);
    // Once per key, not per attempt: a refused box tries again every 30 s with each of its sockets.
    if (entry.count === 1) this.#logRefusal(entry);
    return { status: verdict === 'revoked' ? 400 : 300, userId: '' };
  }

  /** Whether any of these keys connected since the last `forgetConnected`: its connection may still be open. */
  mayBeConnected(keys: ReadonlySet<string>): boolean {
    if (this.#connectedUnknown) return keys.size > 0;
    for (const key of keys) if (this.#connected.has(key)) return true;
    return false;
  }

  /** To be called when all sockets of this gate have been closed. */
  forgetConnected(): void {
    this.#connected.clear();
    this.#connectedUnknown = false;
  }

  status(): GateStatus {
    const on = (key: boolean): string[] =>
      [...this.#onNextKey].filter(([, next]) => next === key).map(([id]) => id);
    const [present, next] = [on(false), on(true)];
    const refused = this.refusals.list();
    return {
      refused: { ...this.#refused },
      refused_keys: refused.length,
      refused_keys_forgotten: this.refusals.forgotten,
      pending: refused,
      boxes_on_key: {
        present: present.length,
        next: next.length,
        present_ids: present,
        next_ids: next,
      },
    };
  }

  async stop(): Promise<void> {
    this.#unlisten();
    await this.#close();
  }

  #logRefusal({ public_key, address, reason }: RefusedKey): void {
    this.#log.warn(
      { publicKey: public_key, address, reason },
      'refused a key; `makai keys pending` lists it (a Box 3 without keys of its own makes a new one at each start)',
    );
  }

  #admit(key: Buffer, address: string, onNextKey: boolean): string {
    if (this.#connected.size < ADMITTED_LIMIT) this.#connected.add(keyText(key));
    else this.#connectedUnknown = true;
    const boxId = this.#allow.boxId(key);
    if (boxId === String(DEFAULT_BOX_ID) && !this.#defaultIdLogged) {
      this.#defaultIdLogged = true;
      this.#log.warn(
        { box: boxId },
        'a box connected whose id is still the default, 0: give each box an id of its own, in its settings and its certificate',
      );
    }
    if (boxId !== undefined) {
      this.#onNextKey.set(boxId, onNextKey);
      this.connections.admitted(boxId, address, Date.now());
    }
    return boxId ?? '';
  }
}

/** Handshakes that failed, by reason: those of the sockets, and the verdicts on keys. */
export function refusalsByReason(sockets: readonly Connections[], gate: Gate): Record<string, number> {
  const total: Record<string, number> = { ...gate.status().refused };
  for (const socket of sockets) {
    for (const [reason, count] of Object.entries(socket.status().failed))
      total[reason] = (total[reason] ?? 0) + count;
  }
  return total;
}
