/**
 * Divides partitions among the members that are there: each has one owner, by leases in a key-value bucket of JetStream. A lease ends by itself when its
 * owner does not renew it; an owner counts on it no longer than that by its own clocks, however late it learns of anything. All changes are conditional on
 * the revision that the owner knows, so that two never have one lease. Nothing that takes long keeps an owner from renewing.
 */
import type { KV } from '@nats-io/kv';
import { pause, within } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import { ThrottledLog } from '../common/throttled-log.js';
import { openBucket, REQUEST_MS } from './bucket.js';
import { memberValue } from './heard-brokers.js';
import { isOtherRevision, LEASE_BUCKET, revisionOf, tableOf } from './lease-bucket.js';
import { isOver, LEASE_MS, type LeaseEnd, leaseEnd } from './lease-end.js';
import type { LeaseOptions } from './lease-options.js';
import { LeaseTable, memberKey, partitionKey } from './lease-table.js';
import type { NatsConnection } from './link.js';
import { PARTITIONS } from './partition.js';

/** How often leases are renewed and looked at, ms. */
export const LOOK_MS = 2000;
/** The same while partitions have no owner, or one that does not renew its leases, ms. */
const LOOK_SOON_MS = 500;
/** An owner that missed one renewal. */
const SILENT_MS = 2 * LOOK_MS + LOOK_SOON_MS;
/** How long a stop tries to give leases back; they end by themselves, ms. */
const STOP_MS = 6000;

interface Lease {
  revision: number;
  /** the revision at which it was taken */
  taken: number;
  until: LeaseEnd;
}

export class Leases implements Running {
  readonly #options: LeaseOptions;
  readonly #log: ThrottledLog;
  readonly #held = new Map<number, Lease>();
  /** being given back */
  readonly #leaving = new Map<number, Promise<void>>();
  readonly #stopping = new AbortController();
  #table = new LeaseTable();
  #source: { connection: NatsConnection; replicas: number } | undefined;
  #kv: KV | undefined;
  /** the bucket is opened, and made where it is missing, before it is looked at again */
  #isOpen = false;
  #looking: Promise<void> | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #running: Promise<void> | undefined;
  #moves = 0;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#log = new ThrottledLog(options.log);
  }

  get #bucket(): string {
    return this.#options.bucket ?? LEASE_BUCKET;
  }

  /** Whether this member has the partition at this moment. */
  owns(partition: number): boolean {
    const lease = this.#held.get(partition);
    return lease !== undefined && !isOver(lease.until, this.#options.clock);
  }

  /** Whether it is the same lease as when it was taken. @param revision what `taken` said */
  isAt(partition: number, revision: number): boolean {
    return this.owns(partition) && this.#held.get(partition)?.taken === revision;
  }

  /** Partitions that this member has at this moment. */
  get owned(): readonly number[] {
    return this.#all.filter((partition) => this.owns(partition));
  }

  /** Also those that have ended and were not taken from it yet. */
  get #all(): number[] {
    return [...this.#held.keys()].sort((a, b) => a - b);
  }

  /** Members that were there when it last looked. */
  get members(): number {
    return this.#table.members.length;
  }

  /** Partitions taken since the start. */
  get moves(): number {
    return this.#moves;
  }

  /** There is a connection. From now on leases are taken and renewed. */
  connected(connection: NatsConnection, replicas: number): void {
    this.#source = { connection, replicas };
    this.#isOpen = false;
    this.#running ??= this.#run();
  }

  /** Gives every partition back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await within(this.#end(), STOP_MS, this.#options.clock);
  }

  async #end(): Promise<void> {
    await this.#running;
    await this.#looking;
    const kv = this.#kv;
    if (kv === undefined) return;
    const left = this.#all.map((partition) => this.#leave(kv, partition));
    await Promise.allSettled([...this.#leaving.values(), ...left]);
    await Promise.allSettled([kv.purge(memberKey(this.#options.member))]);
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#expire();
      this.#renewing = this.#renewAll();
      await this.#renewing;
      this.#expire();
      this.#looking ??= this.#lookUntilSettled().finally(() => {
        this.#looking = undefined;
      });
      await pause(clock, LOOK_MS, signal);
    }
  }

  /** Never rejects. */
  async #renewAll(): Promise<void> {
    const kv = this.#kv;
    if (kv === undefined) return;
    const announced = this.#announce(kv).catch((error: unknown) =>
      this.#log.warn({ problem: messageOf(error) }, 'a member of the leases could not be renewed'),
    );
    await Promise.all([announced, ...this.#all.map((partition) => this.#renew(kv, partition))]);
  }

  /** Says that this member is there. */
  async #announce(kv: KV): Promise<void> {
    const { hears, member } = this.#options;
    await kv.put(memberKey(member), memberValue(member, hears?.()));
  }

  async #lookUntilSettled(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    while ((await this.#look()) && !signal.aborted) await pause(clock, LOOK_SOON_MS, signal);
  }

  /** Looks who is there, and gives and takes partitions. Never rejects. @returns whether to look again soon */
  async #look(): Promise<boolean> {
    try {
      const kv = await this.#open();
      if (kv === undefined || this.#source === undefined) return false;
      this.#table = await tableOf(this.#source.connection, this.#bucket, this.#options.clock);
      await this.#balance(kv);
      return this.#table.isUnsettled(PARTITIONS, SILENT_MS);
    } catch (error) {
      this.#isOpen = false;
      this.#log.warn({ problem: messageOf(error) }, 'leases in NATS cannot be used');
      return false;
    }
  }

  /** @throws Error of the client */
  async #open(): Promise<KV | undefined> {
    if (this.#isOpen || this.#source === undefined) return this.#kv;
    const { connection, replicas } = this.#source;
    this.#isOpen = true;
    const kv = await openBucket(connection, this.#bucket, {
      ...{ replicas, ttl: LEASE_MS, log: this.#log },
    });
    await this.#announce(kv);
    this.#kv = kv;
    return kv;
  }

  async #renew(kv: KV, partition: number): Promise<void> {
    const { member } = this.#options;
    const lease = this.#held.get(partition);
    // One that has ended is never renewed: what came meanwhile was not taken.
    if (lease === undefined || isOver(lease.until, this.#options.clock)) return;
    const until = leaseEnd(this.#options.clock);
    try {
      const revision = await kv.update(partitionKey(partition), member, lease.revision, REQUEST_MS);
      if (this.#held.get(partition) === lease && !isOver(lease.until, this.#options.clock))
        this.#held.set(partition, { ...lease, revision, until });
    } catch (error) {
      // Whether a reply that did not come was a yes is not known: the lease is good until its end, and the next renewal finds out.
      if (this.#held.get(partition) !== lease) return;
      if (isOtherRevision(error)) await this.#ask(kv, partition, lease);
      else this.#log.warn({ partition, problem: messageOf(error) }, 'a lease could not be renewed');
    }
  }

  /** The lease is at another revision: by a renewal of ours whose reply did not come, or because it is not ours any more. Never rejects. */
  async #ask(kv: KV, partition: number, lease: Lease): Promise<void> {
    let revision: number | undefined;
    try {
      revision = await revisionOf(kv, partitionKey(partition), this.#options.member);
    } catch (error) {
      this.#log.warn({ partition, problem: messageOf(error) }, 'a lease could not be read');
      return;
    }
    if (this.#held.get(partition) !== lease) return;
    if (revision === undefined) this.#lose(partition);
    // A server that is behind may say what was there before: then the next renewal asks again.
    else if (revision > lease.revision && !isOver(lease.until, this.#options.clock)) {
      this.#held.set(partition, { ...lease, revision });
      await this.#renew(kv, partition);
    }
  }

  #expire(): void {
    for (const partition of this.#all) if (!this.owns(partition)) this.#lose(partition);
  }

  #lose(partition: number): void {
    if (!this.#held.delete(partition)) return;
    this.#log.warn({ partition }, 'a partition was lost: its lease ended before it was renewed');
    this.#options.lost(partition);
  }

  async #balance(kv: KV): Promise<void> {
    const { member } = this.#options;
    // Its own key has ended, and is written again: what it has is still its own.
    if (!this.#table.members.includes(member)) return;
    const share = this.#table.share(member, PARTITIONS);
    const kept = this.#all.filter((partition) => !this.#leaving.has(partition));
    // Not waited for: meanwhile the leases of a member that is gone may end, and those are looked for.
    for (const partition of kept.slice(share)) void this.#leave(kv, partition);
    if (this.#stopping.signal.aborted) return;
    // What is in the name of this member and was not known to be, or was lost meanwhile, is taken again without waiting for its end.
    const own = [...this.#table.leasesOf(member)].filter(([partition]) => !this.#held.has(partition));
    const free = this.#table.free(member, PARTITIONS).map((partition) => [partition, 0] as const);
    // One that is being given back is not taken again before that is done, even if its lease has ended meanwhile.
    const wanted = [...own, ...free].filter(([partition]) => !this.#leaving.has(partition));
    const room = Math.max(0, share - kept.length);
    await Promise.all(
      wanted.slice(0, room).map(([partition, revision]) => this.#take(kv, partition, revision)),
    );
  }

  /** @param before revision of a lease in the name of this member; 0: there is none */
  async #take(kv: KV, partition: number, before: number): Promise<void> {
    const { log, member, taken } = this.#options;
    const until = leaseEnd(this.#options.clock);
    const key = partitionKey(partition);
    let revision: number;
    try {
      revision =
        before === 0 ? await kv.create(key, member) : await kv.update(key, member, before, REQUEST_MS);
    } catch (error) {
      // Another member was quicker.
      log.debug({ partition, problem: messageOf(error) }, 'a lease was not taken');
      return;
    }
    if (isOver(until, this.#options.clock)) return;
    this.#held.set(partition, { revision, taken: revision, until });
    this.#moves += 1;
    taken(partition, revision);
  }

  /** Gives a partition back, once. Never rejects. */
  #leave(kv: KV, partition: number): Promise<void> {
    const before = this.#leaving.get(partition);
    if (before !== undefined) return before;
    const leaving = this.#release(kv, partition)
      .catch((error: unknown) => {
        const problem = messageOf(error);
        this.#log.warn({ partition, problem }, 'a lease was not given back: it ends by itself');
      })
      .finally(() => this.#leaving.delete(partition));
    this.#leaving.set(partition, leaving);
    return leaving;
  }

  async #release(kv: KV, partition: number): Promise<void> {
    const taken = this.#held.get(partition)?.taken;
    await this.#options.released(partition);
    await this.#renewing; // otherwise its revision may be another one meanwhile
    const lease = this.#held.get(partition);
    if (lease === undefined || lease.taken !== taken) return;
    this.#held.delete(partition);
    await kv.delete(partitionKey(partition), { previousSeq: lease.revision });
  }
}
