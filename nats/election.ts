/**
 * One of several services is elected: it has the lease `elected` in a bucket of leases, by the same rules as a partition (leases.ts). It stays elected for as
 * long as it renews the lease; when it ends, whoever looks first is elected.
 */
import type { KV } from '@nats-io/kv';
import { type Clock, pause, within } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { ThrottledLog } from '../common/throttled-log.js';
import type { HeardBrokers } from '../stream/brokers.js';
import { openBucket, REQUEST_MS } from './bucket.js';
import { memberValue } from './heard-brokers.js';
import { isOtherRevision, LEASE_BUCKET, revisionOf } from './lease-bucket.js';
import { isOver, LEASE_MS, type LeaseEnd, leaseEnd } from './lease-end.js';
import { ELECTED_KEY, memberKey, nameOfMember, newMember } from './lease-table.js';
import { LOOK_MS } from './leases.js';
import type { NatsConnection } from './link.js';

const STOP_MS = 3000;

export interface ElectionOptions {
  /** the name that others read */
  name: string;
  /** of those who elect one among them; left out: the triggering services */
  bucket?: string;
  /** says in the bucket that it is there, elected or not: for services that are not seen there by leases of partitions */
  announces?: true;
  /** which triggering brokers it hears, said with it */
  hears?: (() => HeardBrokers | undefined) | undefined;
  /** what the elected one does, for the log: "it ..." */
  does: string;
  clock: Clock;
  log: Logger;
  /** this service is elected from now on. @param revision higher than that of every one before */
  elected(revision: number): void;
  /** it is not any more: nothing may be done as the elected one */
  lost(): void;
}

interface Lease extends LeaseEnd {
  revision: number;
}

export class Election implements Running {
  readonly #options: ElectionOptions;
  readonly #log: ThrottledLog;
  /** the value of its lease: no other process has it */
  readonly #member: string;
  readonly #stopping = new AbortController();
  #source: { connection: NatsConnection; replicas: number } | undefined;
  #kv: KV | undefined;
  /** the bucket is opened, and made where it is missing, before it is looked at again */
  #isOpen = false;
  #isCandidate = false;
  #lease: Lease | undefined;
  #holder: string | undefined;
  #running: Promise<void> | undefined;
  #moves = 0;

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#log = new ThrottledLog(options.log);
    this.#member = newMember(options.name);
  }

  /** Whether it is this service at this moment. */
  get isElected(): boolean {
    return this.#lease !== undefined && !isOver(this.#lease, this.#options.clock);
  }

  /** The name of who is elected, as far as is known; undefined: nobody. */
  get holder(): string | undefined {
    return this.isElected ? this.#options.name : this.#holder;
  }

  /** How often this service was elected since the start. */
  get moves(): number {
    return this.#moves;
  }

  connected(connection: NatsConnection, replicas: number): void {
    this.#source = { connection, replicas };
    this.#isOpen = false;
    this.#running ??= this.#run();
  }

  /** Whether this service may be elected: it has something to do as the elected one. */
  stand(isCandidate: boolean): void {
    this.#isCandidate = isCandidate;
  }

  /** Gives the lease back. What is done as the elected one has ended before. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await within(this.#end(), STOP_MS, this.#options.clock);
  }

  async #end(): Promise<void> {
    await this.#running;
    const kv = this.#kv;
    const lease = this.#lease;
    this.#lease = undefined;
    if (kv === undefined) return;
    if (lease !== undefined) await this.#giveBack(kv, lease);
    if (this.#options.announces === true) await Promise.allSettled([kv.purge(memberKey(this.#member))]);
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#expire();
      try {
        await this.#look();
      } catch (error) {
        this.#isOpen = false;
        this.#log.warn({ problem: messageOf(error) }, 'the lease of the elected service cannot be used');
      }
      this.#expire();
      await pause(clock, LOOK_MS, signal);
    }
  }

  /** @throws Error of the client */
  async #look(): Promise<void> {
    const kv = await this.#open();
    if (kv === undefined) return;
    await Promise.all([this.#announce(kv), this.#lookAt(kv)]);
  }

  /** Never rejects: it is for people. */
  async #announce(kv: KV): Promise<void> {
    if (this.#options.announces === undefined) return;
    try {
      await kv.put(memberKey(this.#member), memberValue(this.#member, this.#options.hears?.()));
    } catch (error) {
      this.#log.warn(
        { problem: messageOf(error) },
        'that this service is there could not be written to NATS',
      );
    }
  }

  /** @throws Error of the client */
  async #lookAt(kv: KV): Promise<void> {
    const lease = this.#lease;
    if (lease !== undefined) {
      if (this.#isCandidate) await this.#renew(kv, lease);
      else {
        this.#lose('it has nothing to do as the elected one any more');
        await this.#giveBack(kv, lease);
      }
      return;
    }
    const entry = await kv.get(ELECTED_KEY);
    this.#holder = entry?.operation === 'PUT' ? nameOfMember(entry.string()) : undefined;
    if (this.#holder === undefined && this.#isCandidate && !this.#stopping.signal.aborted)
      await this.#take(kv);
  }

  async #open(): Promise<KV | undefined> {
    if (this.#isOpen || this.#source === undefined) return this.#kv;
    const { connection, replicas } = this.#source;
    const bucket = this.#options.bucket ?? LEASE_BUCKET;
    this.#kv = await openBucket(connection, bucket, { replicas, ttl: LEASE_MS, log: this.#log });
    this.#isOpen = true;
    return this.#kv;
  }

  async #take(kv: KV): Promise<void> {
    const { elected, log } = this.#options;
    const until = leaseEnd(this.#options.clock);
    try {
      const lease = { ...until, revision: await kv.create(ELECTED_KEY, this.#member) };
      if (isOver(lease, this.#options.clock)) return;
      this.#lease = lease;
      this.#moves += 1;
      log.info(
        { revision: lease.revision, does: this.#options.does },
        'this service is elected among those that are there',
      );
      elected(lease.revision);
    } catch (error) {
      // Another one was quicker.
      log.debug({ problem: messageOf(error) }, 'the lease of the elected service was not taken');
    }
  }

  async #renew(kv: KV, lease: Lease): Promise<void> {
    const until = leaseEnd(this.#options.clock);
    try {
      const revision = await kv.update(ELECTED_KEY, this.#member, lease.revision, REQUEST_MS);
      // One that has ended is never renewed: what came meanwhile was not done.
      if (this.#lease === lease && !isOver(lease, this.#options.clock)) this.#lease = { ...until, revision };
    } catch (error) {
      // Whether a reply that did not come was a yes is not known: the lease is good until its end, and the next renewal finds out.
      if (isOtherRevision(error)) await this.#ask(kv, lease);
      else this.#log.warn({ problem: messageOf(error) }, 'the lease of the elected service was not renewed');
    }
  }

  /** The lease is at another revision: by a renewal whose reply did not come, or because it is not ours any more. @throws Error of the client */
  async #ask(kv: KV, lease: Lease): Promise<void> {
    const revision = await revisionOf(kv, ELECTED_KEY, this.#member);
    if (this.#lease !== lease) return;
    if (revision === undefined) this.#lose('its lease is at another revision');
    else if (revision > lease.revision && !isOver(lease, this.#options.clock)) {
      this.#lease = { ...lease, revision };
      await this.#renew(kv, this.#lease);
    }
  }

  async #giveBack(kv: KV, lease: Lease): Promise<void> {
    try {
      await kv.delete(ELECTED_KEY, { previousSeq: lease.revision });
    } catch (error) {
      this.#log.warn({ problem: messageOf(error) }, 'the lease of the elected service ends by itself');
    }
  }

  #expire(): void {
    if (this.#lease !== undefined && isOver(this.#lease, this.#options.clock))
      this.#lose('its lease was not renewed in time');
  }

  #lose(problem: string): void {
    if (this.#lease === undefined) return;
    this.#lease = undefined;
    this.#options.log.warn({ problem }, 'this service is not the elected one any more');
    this.#options.lost();
  }
}
