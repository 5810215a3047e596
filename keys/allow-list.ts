/**
 * Who may connect. The list is merged from sources (a folder of certificates, the boxes of a store), each of which watches its own place.
 * A revoked key is refused whatever another source says. `check` is synchronous: it is called in every handshake.
 *
 * A source that cannot be read keeps the entries that were read last, so that an outage of the store refuses no known box. A key that is
 * not among them is then 'unavailable' instead of 'unknown'. Both may try again later.
 */
import { messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { z85Decode } from './z85.js';

export type Verdict = 'known' | 'unknown' | 'revoked' | 'unavailable';

/** One key in a source. */
export interface AllowEntry {
  boxId: string;
  /** Z85 */
  publicKey: string;
}

/** What one source holds at a moment. */
export interface SourceContent {
  entries: AllowEntry[];
  /** Z85 keys that are refused */
  revoked: string[];
  /** ids that come with the key of another: meters with that of the gateway */
  ids?: readonly string[];
  /** what could not be read, where the rest could */
  error?: string | undefined;
}

/** One place where keys are kept. */
export interface AllowSource {
  /** for logs and status, e.g. the folder's path */
  readonly name: string;
  /** Reads everything. Rejects where the place cannot be read; single bad entries are left out, logged and counted. */
  read(): Promise<SourceContent>;
  /** Calls `changed` as soon as the source may have changed. Returns a function that ends this. */
  watch(changed: () => void): () => void;
  /** Max time between two reads, ms. */
  pollMs: number;
}

/** What changed from one reading to the next: keys as latin1 text of their 32 bytes. */
export interface AllowChange {
  /** keys that were known and are not any more: they must be disconnected */
  removed: ReadonlySet<string>;
  added: ReadonlySet<string>;
}

export interface AllowListStatus {
  sources: { name: string; ok: boolean; keys: number; revoked: number; error?: string }[];
  any_client: boolean;
  known: number;
  revoked: number;
}

export interface AllowList {
  /** @param key the 32 bytes of a client's public key */
  check(key: Buffer): Verdict;
  /** The box whose key this is; undefined for a key that is not known. */
  boxId(key: Buffer): string | undefined;
  /** All ids with a key now, and those that come with the key of another; the same set until a change. */
  boxIds(): ReadonlySet<string>;
  /** Called after each change, also one of ids alone (both sets are empty then). Returns a function that ends this. */
  onChange(listener: (change: AllowChange) => void): () => void;
  /** Reads all sources now. Never rejects: what cannot be read is in the status. */
  refresh(): Promise<void>;
  status(): AllowListStatus;
  stop(): Promise<void>;
}

export interface AllowListOptions {
  sources: readonly AllowSource[];
  /** everyone who knows the server's public key may connect, except revoked keys; nobody until each source was read once */
  anyClient?: boolean;
  log: Logger;
}

/** The text under which a key is found in maps and sets. */
export function keyText(key: Buffer): string {
  return key.toString('latin1');
}

/** Reads all sources once, then watches them. The list starts even when a source cannot be read. */
export async function startAllowList(options: AllowListOptions): Promise<AllowList> {
  const list = new WatchedAllowList(options);
  await list.refresh();
  list.start();
  return list;
}

interface SourceState {
  source: AllowSource;
  content: SourceContent | undefined;
  error: string | undefined;
  /** the reading under way, and whether another is wanted after it */
  reading: Promise<void> | undefined;
  again: boolean;
  timer: NodeJS.Timeout | undefined;
  unwatch: (() => void) | undefined;
}

class WatchedAllowList implements AllowList {
  readonly #states: SourceState[];
  readonly #anyClient: boolean;
  readonly #log: Logger;
  readonly #listeners = new Set<(change: AllowChange) => void>();
  #known = new Map<string, string>();
  #ids: ReadonlySet<string> = new Set();
  #revoked = new Set<string>();
  #others: ReadonlySet<string> = new Set();
  #stopped = false;

  constructor({ sources, anyClient = false, log }: AllowListOptions) {
    this.#anyClient = anyClient;
    this.#log = log;
    this.#states = sources.map((source) => ({
      source,
      content: undefined,
      error: undefined,
      reading: undefined,
      again: false,
      timer: undefined,
      unwatch: undefined,
    }));
  }

  check(key: Buffer): Verdict {
    const text = keyText(key);
    if (this.#revoked.has(text)) return 'revoked';
    if (this.#known.has(text)) return 'known';
    // What was never read may say that this key is revoked.
    if (this.#anyClient)
      return this.#states.some(({ content }) => content === undefined) ? 'unavailable' : 'known';
    return this.#states.some((state) => state.error !== undefined) ? 'unavailable' : 'unknown';
  }

  boxId(key: Buffer): string | undefined {
    return this.#known.get(keyText(key));
  }

  boxIds(): ReadonlySet<string> {
    return this.#ids;
  }

  onChange(listener: (change: AllowChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    for (const state of this.#states) {
      state.unwatch = state.source.watch(() => this.#trigger(state));
      this.#schedule(state);
    }
  }

  async refresh(): Promise<void> {
    await Promise.all(this.#states.map((state) => this.#read(state)));
  }

  status(): AllowListStatus {
    return {
      sources: this.#states.map(({ source, content, error }) => ({
        name: source.name,
        ok: error === undefined,
        keys: content?.entries.length ?? 0,
        revoked: content?.revoked.length ?? 0,
        ...(error === undefined ? {} : { error }),
      })),
      any_client: this.#anyClient,
      known: this.#known.size,
      revoked: this.#revoked.size,
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const state of this.#states) {
      clearTimeout(state.timer);
      state.unwatch?.();
    }
    this.#listeners.clear();
    await Promise.all(this.#states.map((state) => state.reading));
  }

  #trigger(state: SourceState): void {
    if (!this.#stopped) void this.#read(state);
  }

  #schedule(state: SourceState): void {
    if (this.#stopped) return;
    clearTimeout(state.timer);
    state.timer = setTimeout(() => this.#trigger(state), state.source.pollMs);
    state.timer.unref();
  }

  /** One reading at a time. A request for one during a reading leads to exactly one more, which the caller waits for too. */
  #read(state: SourceState): Promise<void> {
    if (state.reading !== undefined) {
      state.again = true;
      return state.reading;
    }
    state.reading = this.#readOnce(state).finally(() => {
      state.reading = undefined;
      this.#schedule(state);
    });
    return state.reading;
  }

  async #readOnce(state: SourceState): Promise<void> {
    do {
      state.again = false;
      try {
        const content = await state.source.read();
        state.content = content;
        this.#note(state, content.error);
        // Not after the last reading alone: another one may hang.
        this.#merge();
      } catch (error) {
        this.#note(state, messageOf(error));
      }
    } while (state.again && !this.#stopped);
  }

  #note(state: SourceState, error: string | undefined): void {
    const source = state.source.name;
    if (error !== undefined && state.error === undefined) {
      this.#log.error(
        { source, err: error },
        'allow-list cannot be read completely; the keys that were known stay known',
      );
    }
    if (error === undefined && state.error !== undefined)
      this.#log.info({ source }, 'allow-list readable again');
    state.error = error;
  }

  #merge(): void {
    const before = this.#known;
    const revoked = new Set<string>();
    const known = new Map<string, string>();
    for (const { content } of this.#states) {
      for (const key of content?.revoked ?? []) revoked.add(keyText(z85Decode(key)));
    }
    for (const { content, source } of this.#states) {
      for (const { boxId, publicKey } of content?.entries ?? []) {
        const key = keyText(z85Decode(publicKey));
        const other = known.get(key);
        if (revoked.has(key)) continue;
        if (other === undefined) known.set(key, boxId);
        else if (other !== boxId && !before.has(key)) {
          this.#log.warn(
            { source: source.name, boxId, other },
            'one key under two ids: the first one is used',
          );
        }
      }
    }
    const newlyRevoked = [...revoked].filter((key) => !this.#revoked.has(key));
    this.#known = known;
    this.#revoked = revoked;
    const added = new Set([...known.keys()].filter((key) => !before.has(key)));
    const gone = [...before.keys()].filter((key) => !known.has(key));
    const removed = new Set(this.#anyClient ? newlyRevoked : gone);
    const ids = this.#states.flatMap(({ content }) => content?.ids ?? []);
    const areOthers = ids.length !== this.#others.size || ids.some((id) => !this.#others.has(id));
    this.#others = new Set(ids);
    const renamed = [...known].filter(([key, id]) => before.has(key) && before.get(key) !== id).length;
    if (added.size > 0 || gone.length > 0 || renamed > 0 || areOthers)
      this.#ids = new Set([...known.values(), ...ids]);
    if (added.size === 0 && removed.size === 0 && renamed === 0 && !areOthers) return;
    this.#log.info(
      { added: added.size, removed: removed.size, renamed, known: known.size },
      'allow-list changed',
    );
    for (const listener of [...this.#listeners]) listener({ added, removed });
  }
}
