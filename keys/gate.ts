/** What ZAP decides for the sockets of one daemon, and what it remembers of it. Made by `openGate` in zap.ts. */

import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { LogQuota } from '../common/log-quota.js';
import type { Connections } from '../zmq/connections.js';
import { type AllowList, keyText } from './allow-list.js';
import { Refusals, type RefusedKey } from './refusals.js';
import type { ZapRequest, ZapStatus } from './zap-message.js';

/** Ends the domain of endpoints that carry the server's next key while keys are changed. */
export const NEXT_DOMAIN = '/next';

/** More keys than this are remembered only where everybody may enter: then it is no longer known who is inside. */
const ADMITTED_LIMIT = 100_000;
const LOGGED_A_MINUTE = 20;

/** Options of a CURVE server socket behind a gate, beside its keys. They hold for the endpoints bound after they are set. */
export interface GateSocketOptions {
  zapDomain: string;
  zapEnforceDomain: true;
}

export interface GateStatus {
  /** handshakes let through */
  admitted: number;
  /** handshakes refused */
  refused: Record<'unknown' | 'revoked' | 'unavailable' | 'not-curve', number>;
  /** different keys refused and not forgotten: as many as there are in `pending` */
  refused_keys: number;
  refused_keys_forgotten: number;
  /** newest first */
  pending: RefusedKey[];
  /** ids that came last with the server's present key, and with its next one */
  boxes_on_key: { present: number; next: number; present_ids: string[] };
}

export class Gate implements Running {
  readonly domain: string;
  readonly refusals: Refusals;
  readonly #allow: AllowList;
  readonly #log: Logger;
  readonly #close: () => Promise<void>;
  readonly #unlisten: () => void;
  readonly #quota: LogQuota;
  /** keys let in since the sockets were opened */
  readonly #inside = new Set<string>();
  /** box id → whether it came last by an endpoint with the next key */
  readonly #onNextKey = new Map<string, boolean>();
  readonly #refused = { unknown: 0, revoked: 0, unavailable: 0, 'not-curve': 0 };
  #admitted = 0;
  #insideUnknown = false;

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
    this.#log = log;
    this.#close = close;
    this.#quota = new LogQuota(LOGGED_A_MINUTE, (keys) =>
      log.warn({ keys }, 'refused more keys than were logged'),
    );
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
      this.#refused['not-curve'] += 1;
      return { status: 300, userId: '' };
    }
    const verdict = this.#allow.check(key);
    if (verdict === 'known') return { status: 200, userId: this.#admit(key, onNextKey) };
    this.#refused[verdict] += 1;
    const entry = this.refusals.add(key, address, verdict);
    // Once a key, not once an attempt: a refused box comes back every 30 s with each of its sockets.
    if (entry.count === 1) this.#logRefusal(entry);
    return { status: verdict === 'revoked' ? 400 : 300, userId: '' };
  }

  /** Whether any of these keys was let in since the last `forgetInside`: its connection may be open still. */
  mayBeInside(keys: ReadonlySet<string>): boolean {
    if (this.#insideUnknown) return keys.size > 0;
    for (const key of keys) if (this.#inside.has(key)) return true;
    return false;
  }

  /** To be called when all sockets of this gate have been closed. */
  forgetInside(): void {
    this.#inside.clear();
    this.#insideUnknown = false;
  }

  status(): GateStatus {
    const present = [...this.#onNextKey].filter(([, next]) => !next).map(([id]) => id);
    const refused = this.refusals.list();
    return {
      admitted: this.#admitted,
      refused: { ...this.#refused },
      refused_keys: refused.length,
      refused_keys_forgotten: this.refusals.forgotten,
      pending: refused,
      boxes_on_key: {
        present: present.length,
        next: this.#onNextKey.size - present.length,
        present_ids: present,
      },
    };
  }

  async stop(): Promise<void> {
    this.#unlisten();
    await this.#close();
  }

  #logRefusal({ public_key, address, reason }: RefusedKey): void {
    if (!this.#quota.take()) return;
    this.#log.warn(
      { publicKey: public_key, address, reason },
      'refused a key; `makai keys pending` lists it (a Box 3 without keys of its own makes a new one at each start)',
    );
  }

  #admit(key: Buffer, onNextKey: boolean): string {
    this.#admitted += 1;
    if (this.#inside.size < ADMITTED_LIMIT) this.#inside.add(keyText(key));
    else this.#insideUnknown = true;
    const boxId = this.#allow.boxId(key);
    if (boxId !== undefined) this.#onNextKey.set(boxId, onNextKey);
    return boxId ?? '';
  }
}

/** Handshakes that failed, by reason: those of the sockets, and what they call 'allow-list' by the verdict on the key. */
export function refusalsByReason(sockets: readonly Connections[], gate: Gate): Record<string, number> {
  const total: Record<string, number> = {};
  for (const socket of sockets) {
    const { 'allow-list': _, ...failed } = socket.status().failed;
    for (const [reason, count] of Object.entries(failed)) total[reason] = (total[reason] ?? 0) + count;
  }
  return { ...total, ...gate.status().refused };
}
