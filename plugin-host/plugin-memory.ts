/** What a plugin keeps over restarts: a small value, as JSON or bytes, in the thread of the plugin. */
import type { PluginState } from '../store/store.js';
import { MAX_STATE_BYTES } from './limits.js';

export type StateBody = Pick<PluginState, 'format' | 'body'>;

/** How often a state that changes all the time is handed on, ms. */
const HAND_ON_MS = 5000;

export class PluginMemory {
  #kept: StateBody | undefined;
  #isChanged = false;
  #handedOnMs = Number.NEGATIVE_INFINITY;

  /** @param kept what it had before; undefined: nothing */
  constructor(kept?: StateBody) {
    this.#kept = kept;
  }

  /** A value of its own each time; undefined when nothing was kept. */
  get(): unknown {
    if (this.#kept === undefined) return undefined;
    const { format, body } = this.#kept;
    return format === 'bytes' ? Uint8Array.from(Buffer.from(body, 'base64')) : JSON.parse(body);
  }

  /** @throws RangeError past the limit, TypeError for what is neither JSON nor bytes */
  set(value: unknown): void {
    const next: StateBody =
      value instanceof Uint8Array
        ? { format: 'bytes', body: Buffer.from(value).toString('base64') }
        : { format: 'json', body: jsonOf(value) };
    const bytes = value instanceof Uint8Array ? value.byteLength : Buffer.byteLength(next.body);
    if (bytes > MAX_STATE_BYTES) {
      throw new RangeError(`state has ${bytes} bytes; at most ${MAX_STATE_BYTES} are kept`);
    }
    if (next.body === this.#kept?.body && next.format === this.#kept.format) return;
    this.#kept = next;
    this.#isChanged = true;
  }

  /** What has changed since the last call, at most every few seconds. @param isLast also what changed a moment ago */
  changed(nowMs: number, isLast = false): StateBody | undefined {
    if (!this.#isChanged || (!isLast && nowMs - this.#handedOnMs < HAND_ON_MS)) return undefined;
    this.#isChanged = false;
    this.#handedOnMs = nowMs;
    return this.#kept;
  }
}

function jsonOf(value: unknown): string {
  const text: unknown = JSON.stringify(value);
  if (typeof text !== 'string') throw new TypeError('state is neither JSON nor bytes');
  return text;
}
