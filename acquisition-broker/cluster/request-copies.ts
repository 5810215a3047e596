/**
 * Copies of the open requests of this broker in NATS, and the requests of brokers that are gone: a broker that finds copies of a member that was not heard for some
 * seconds takes them up. Without a connection nothing is copied, and nothing waits for it.
 */
import { type Clock, pause, repeat, within } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { KeptRequest, KeptRequests } from '../../nats/kept-requests.js';
import type { NatsConnection } from '../../nats/link.js';
import type { OpenRequest as StoredRequest } from '../../store/documents.js';
import { GONE_MS } from './boxes-elsewhere.js';

/** How long a new request waits for its copy, ms. */
const COPY_MS = 500;
const SWEEP_MS = 5_000;
const AGAIN_MS = 5_000;
/** Requests taken from others that wait for the store. */
const MAX_PENDING = 1_000;

/** The stream with all copies. */
export type Copies = Pick<KeptRequests, 'keys' | 'put' | 'read' | 'take'>;

export interface RequestCopiesDeps {
  clock: Clock;
  log: Logger;
  member: string;
  /** @throws Error of the client: no JetStream, no space, no permission */
  open(connection: NatsConnection): Promise<Copies>;
  /** members that are there, without this one */
  members(): readonly string[];
  /** whether the request is open here, or lately was */
  has(key: string): boolean;
  /** whether so many more boxes can be asked */
  hasCapacity(boxes: number): boolean;
  /**
   * Makes them requests of this broker: durable, and asked again.
   * @param over called with the key of each that will never be taken up, also where the rest fails
   * @returns how many it took up @throws what the store says
   */
  takeUp(requests: readonly StoredRequest[], over: (key: string) => void): Promise<number>;
}

interface Copy {
  /** undefined once it is in NATS */
  body: string | undefined;
  seq: number | undefined;
}

export class RequestCopies implements Running {
  readonly #deps: RequestCopiesDeps;
  readonly #log: ThrottledLog;
  readonly #copies = new Map<string, Copy>();
  /** members with copies that are not heard, and since when */
  readonly #absent = new Map<string, number>();
  /** taken from a member, and not open here yet: the store was unavailable */
  #pending: StoredRequest[] = [];
  /** ends what was begun for the connection before: the client keeps its object when it connects again */
  #connected = new AbortController();
  #kept: Copies | undefined;
  #running: Running | undefined;
  readonly counts = { takenUp: 0, notCopied: 0 };

  constructor(deps: RequestCopiesDeps) {
    this.#deps = deps;
    this.#log = new ThrottledLog(deps.log);
  }

  start(): void {
    this.#running ??= repeat(() => this.#sweep(), SWEEP_MS, this.#deps.clock);
  }

  async connected(connection: NatsConnection): Promise<void> {
    const { clock, open } = this.#deps;
    this.#connected.abort();
    this.#connected = new AbortController();
    const { signal } = this.#connected;
    while (!signal.aborted) {
      try {
        const kept = await open(connection);
        if (signal.aborted) return;
        this.#kept = kept;
        for (const [key, copy] of this.#copies) if (copy.seq === undefined) await this.#put(key, copy);
        await this.#removeEarlier(kept);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#log.warn({ problem: messageOf(error) }, 'open requests cannot be copied to NATS');
        await pause(clock, AGAIN_MS, signal);
      }
    }
  }

  disconnected(): void {
    this.#connected.abort();
    this.#kept = undefined;
    this.#absent.clear();
  }

  async stop(): Promise<void> {
    this.disconnected();
    await this.#running?.stop();
  }

  /** Fulfilled when the copy is there, or NATS takes too long. Never rejects. */
  async keep(key: string, body: string): Promise<void> {
    const copy: Copy = { body, seq: undefined };
    this.#copies.set(key, copy);
    await within(this.#put(key, copy), COPY_MS, this.#deps.clock);
  }

  /** The request is over. */
  forget(key: string): void {
    const seq = this.#copies.get(key)?.seq;
    this.#copies.delete(key);
    if (seq !== undefined) void this.#remove(seq);
  }

  /** After a restart this broker has its requests from its own store: the copies of the run before are not to be taken up. */
  async #removeEarlier(kept: Copies): Promise<void> {
    const there = new Set([this.#deps.member, ...this.#deps.members()]);
    for (const [member, keys] of await kept.keys()) {
      if (there.has(member)) continue;
      for (const key of keys) {
        const copy = this.#copies.has(key) ? await kept.read(member, key) : undefined;
        if (copy !== undefined) await kept.take(copy.seq);
      }
    }
  }

  async #put(key: string, copy: Copy): Promise<void> {
    const { body } = copy;
    if (this.#kept === undefined || body === undefined) return;
    try {
      copy.seq = await this.#kept.put(this.#deps.member, key, body);
      copy.body = undefined;
      if (this.#copies.get(key) !== copy) await this.#remove(copy.seq);
    } catch (error) {
      this.counts.notCopied += 1;
      this.#log.warn({ request: key, problem: messageOf(error) }, 'an open request was not copied to NATS');
    }
  }

  /** One that stays is removed at the next look. */
  async #remove(seq: number): Promise<void> {
    try {
      await this.#kept?.take(seq);
    } catch (error) {
      this.#log.warn({ problem: messageOf(error) }, 'the copy of an open request was not removed from NATS');
    }
  }

  /** Never rejects. */
  async #sweep(): Promise<void> {
    const kept = this.#kept;
    if (kept !== undefined)
      await this.#attempt(async () => {
        const keys = await kept.keys();
        await this.#removeLeft(kept, keys.get(this.#deps.member) ?? []);
        for (const gone of this.#gone(keys)) await this.#takeFrom(kept, ...gone);
      });
    // Whatever NATS does: their copies are gone from it.
    await this.#attempt(() => this.#takeUpPending());
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#log.warn({ problem: messageOf(error) }, 'open requests of other brokers cannot be taken up');
    }
  }

  /** Copies of this broker's own requests that are over: NATS was unavailable when they ended, or did not say that it had them. */
  async #removeLeft(kept: Copies, keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      if (this.#copies.has(key)) continue;
      const copy = await kept.read(this.#deps.member, key);
      // A request may have got the name meanwhile.
      if (copy !== undefined && !this.#copies.has(key)) await kept.take(copy.seq);
    }
  }

  /** Members that were not heard for long enough, with their requests. */
  #gone(copies: ReadonlyMap<string, string[]>): [string, string[]][] {
    const { clock, member, members } = this.#deps;
    const there = new Set([member, ...members()]);
    for (const one of this.#absent.keys()) if (there.has(one) || !copies.has(one)) this.#absent.delete(one);
    const now = clock.monotonic();
    return [...copies].filter(([one]) => {
      if (there.has(one)) return false;
      const since = this.#absent.get(one) ?? now;
      this.#absent.set(one, since);
      return now - since >= GONE_MS;
    });
  }

  /** One after the other, as many as there is room for; one that cannot be read, or not be copied, keeps no other one back. */
  async #takeFrom(kept: Copies, from: string, keys: readonly string[]): Promise<void> {
    const { has, hasCapacity, member } = this.#deps;
    for (const key of keys) {
      const { length } = this.#pending;
      if (this.#kept !== kept || length >= MAX_PENDING || !hasCapacity(length + 1)) return;
      await this.#attempt(async () => {
        const copy = await kept.read(from, key);
        if (copy === undefined) return;
        if (has(key)) await kept.take(copy.seq);
        else await this.#take(kept, copy, member);
      });
    }
  }

  /**
   * Whoever deletes the copy has the request; a copy of its own is put first. Where it is not known who did, it is taken up: at worst another one does too, and boxes
   * are asked twice.
   */
  async #take(kept: Copies, { body, key, seq }: KeptRequest, member: string): Promise<void> {
    const own = await kept.put(member, key, body);
    if (await kept.take(seq).catch(() => true)) {
      this.#copies.set(key, { body: undefined, seq: own });
      this.#pending.push({ key, body });
    } else await kept.take(own);
  }

  async #takeUpPending(): Promise<void> {
    if (this.#pending.length === 0) return;
    const over = (gone: string): void => {
      this.#pending = this.#pending.filter(({ key }) => key !== gone);
    };
    this.counts.takenUp += await this.#deps.takeUp(this.#pending, over);
    this.#pending = [];
  }
}
