/**
 * The measurement stream from NATS: this service's share of the partitions, batch by batch into the intake. A batch is acknowledged when the store has what
 * is in it; until then whoever owns the partition receives it again.
 */
import { pause, systemClock, within } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { NatsServers } from '../../config/index.js';
import { decodeBatch } from '../../nats/batch.js';
import { LEASE_MS } from '../../nats/lease-end.js';
import { newMember } from '../../nats/lease-table.js';
import { Leases } from '../../nats/leases.js';
import { type NatsConnection, NatsLink } from '../../nats/link.js';
import { partitionOfBox } from '../../nats/partition.js';
import { PartitionProgress } from '../../nats/partition-progress.js';
import { type Delivered, PartitionReader, type Progress } from '../../nats/partition-reader.js';
import { SavedProgress, saveAll } from '../../nats/saved-progress.js';
import { replicasWhenThere } from '../../nats/stream.js';
import type { Rows } from '../../proto/columns.js';
import type { MeasurementBatches } from '../../store/outbox/measurement-batches.js';
import type { Comparing } from '../comparing/comparing.js';
import type { Trends } from '../trends/trends.js';
import type { Intake } from './intake.js';
import type { PartitionsStatus } from './partitions-status.js';

/** How long a partition that is given away waits for the store, ms: shorter than a lease. */
const RELEASE_MS = 2000;
/** The same at a stop: the parts that are stopped after this one have their own time, and systemd waits 30 s for all. */
const STOP_MS = 5000;
/** After partitions were taken, what they may lack of trends is looked for once, this much later, ms. */
const RECOVER_MS = 3000;
const AGAIN_MS = 1000;
/** How often partitions from which nothing comes are asked what waits in them, and what is stored of each is saved, ms. */
const LOOK_MS = 5000;
/** Batches that wait in one partition, about two seconds: what was read of it says nothing about the present. */
const BEHIND = 40;

export interface PartitionedStreamOptions {
  servers: NatsServers;
  /** names this service, for people */
  member: string;
  /** measurements that the outbox takes; as many as half of them may be unsettled */
  maxUnsettled: number;
  log: Logger;
}

interface Parts {
  intake: Intake;
  trends: Pick<Trends, 'recover'>;
  writer: Pick<MeasurementBatches, 'accepted' | 'settled' | 'durable'>;
  /** stopped by this */
  comparing?: Comparing | undefined;
}

export class PartitionedStream implements Running {
  readonly #options: PartitionedStreamOptions;
  readonly #log: ThrottledLog;
  readonly #link: NatsLink;
  readonly #leases: Leases;
  /** undefined: it is being opened */
  readonly #readers = new Map<number, PartitionReader | undefined>();
  /** partitions that are being given to another service: nothing of them is handed on any more, although their leases are still held */
  readonly #leaving = new Set<number>();
  /** fulfilled when nothing opens or reads a partition any more */
  readonly #reading = new Map<number, Promise<void>>();
  /** of each partition that this service has ever read */
  readonly #progress = new Map<number, Progress>();
  #looking: NodeJS.Timeout | undefined;
  /** batches in the intake that were not handed on yet */
  #inIntake: Delivered[] = [];
  /** partitions taken since trends were last looked for */
  readonly #fresh = new Set<number>();
  #recovering: NodeJS.Timeout | undefined;
  #parts: Parts | undefined;
  /** undefined until there is a connection, and the stream */
  #source: { connection: NatsConnection; saved: SavedProgress } | undefined;
  #malformed = 0;
  #isStopping = false;
  /** the intake takes nothing any more */
  #isOver = false;

  constructor(options: PartitionedStreamOptions) {
    const { log, member, servers } = options;
    this.#options = options;
    this.#log = new ThrottledLog(log);
    this.#leases = new Leases({
      member: newMember(member),
      clock: systemClock,
      log,
      taken: (partition, revision) => this.#taken(partition, revision),
      released: (partition) => this.#released(partition),
      lost: (partition) => this.#lost(partition),
    });
    this.#link = new NatsLink({
      servers,
      name: 'makai triggering-service',
      log,
      connected: (connection, lost) => void this.#connected(connection, lost),
      disconnected: () => undefined,
    });
  }

  /** Whether measurements of the box come to this service now. */
  owns(boxId: number): boolean {
    return this.#leases.owns(partitionOfBox(boxId));
  }

  status(): PartitionsStatus {
    const comparing = this.#parts?.comparing?.status();
    const readers = [...this.#readers.values()].flatMap((reader) => reader ?? []);
    const sum = (of: (reader: PartitionReader) => number): number =>
      readers.reduce((total, reader) => total + of(reader), 0);
    return {
      connected: this.#link.isConnected,
      partitions: this.#leases.owned,
      members: this.#leases.members,
      moves: this.#leases.moves,
      waiting: sum(({ waiting }) => waiting),
      unacknowledged: sum(({ unacknowledged }) => unacknowledged),
      unread: [...this.#readers.values()].filter((reader) => reader === undefined).length,
      malformed: this.#malformed,
      ...(comparing === undefined ? {} : { comparing }),
    };
  }

  /** @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED for files of `nats` */
  start(parts: Parts): void {
    this.#parts = parts;
    parts.comparing?.start((partition) => {
      const reader = this.#readers.get(partition);
      return reader === undefined || reader.waiting > BEHIND;
    });
    this.#looking = setInterval(() => void this.#look(), LOOK_MS);
    this.#link.start();
  }

  /** What was received is in the store and acknowledged, if it takes it in time. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#recovering);
    clearInterval(this.#looking);
    const readers = [...this.#readers.values()];
    const until = performance.now() + STOP_MS;
    // A reader may wait for a store that does not answer: what it has not handed out yet is left in the stream.
    const stopped = Promise.allSettled(readers.map((reader) => reader?.stop()));
    await within(stopped, STOP_MS, systemClock);
    this.#isOver = true;
    this.#parts?.intake.finish();
    while (readers.some((reader) => (reader?.unacknowledged ?? 0) > 0) && performance.now() < until)
      await pause(systemClock, 20);
    await within(this.#save(readers.flatMap((reader) => reader ?? [])), RELEASE_MS, systemClock);
    await this.#parts?.comparing?.stop();
    await this.#leases.stop();
    await this.#link.stop();
  }

  /** Measurements that plugins see. @param received when each row was received, Unix ms */
  seen(rows: Rows, received: Float64Array): void {
    this.#parts?.comparing?.add(rows, received);
  }

  /** Everything that the intake got before has been handed to the outbox: from there on the store decides. */
  flushed(): void {
    const writer = this.#parts?.writer;
    if (this.#inIntake.length === 0 || writer === undefined) return;
    const batches = this.#inIntake;
    this.#inIntake = [];
    void writer.durable(writer.accepted).then((isDurable) => {
      for (const batch of batches) {
        if (isDurable) batch.acknowledge();
        else batch.giveBack();
      }
    });
  }

  async #connected(connection: NatsConnection, lost: AbortSignal): Promise<void> {
    const replicas = await replicasWhenThere(connection, lost, this.#log);
    if (replicas === undefined || this.#isStopping) return;
    this.#source = { connection, saved: new SavedProgress(connection, { replicas, log: this.#log }) };
    this.#parts?.comparing?.connected(connection, replicas, lost);
    this.#leases.connected(connection, replicas);
  }

  #taken(partition: number, revision: number): void {
    this.#leaving.delete(partition);
    this.#readers.set(partition, undefined);
    this.#parts?.comparing?.taken(partition, revision);
    this.#fresh.add(partition);
    this.#recovering ??= setTimeout(() => this.#recover(), RECOVER_MS);
    this.#reading.set(partition, this.#read(partition, revision));
  }

  /** Tries until it reads, or the partition is another's. */
  async #read(partition: number, revision: number): Promise<void> {
    const { log } = this.#options;
    const sureMs = systemClock.monotonic() + LEASE_MS;
    const isOurs = (): boolean =>
      this.#leases.isAt(partition, revision) && !this.#leaving.has(partition) && !this.#isStopping;
    while (isOurs()) {
      try {
        if (this.#source === undefined) throw new Error('there is no connection to NATS');
        const { connection, saved } = this.#source;
        const reader = await PartitionReader.open(connection, {
          ...{ partition, revision, log, saved, progress: this.#progressOf(partition) },
          take: (batch: Delivered) => this.#take(batch),
          isOurs,
          isSure: systemClock.monotonic() > sureMs,
        });
        if (isOurs()) {
          this.#readers.set(partition, reader);
          await reader.ended;
          if (isOurs()) this.#readers.set(partition, undefined);
        } else await reader.stop();
      } catch (error) {
        this.#log.warn({ partition, problem: messageOf(error) }, 'a partition cannot be read');
      }
      if (isOurs()) await pause(systemClock, AGAIN_MS);
    }
  }

  #progressOf(partition: number): Progress {
    const progress: Progress = this.#progress.get(partition) ?? new PartitionProgress();
    this.#progress.set(partition, progress);
    return progress;
  }

  /** Never rejects: what cannot be asked now is asked again. */
  async #look(): Promise<void> {
    const readers = [...this.#readers.values()].flatMap((reader) => reader ?? []);
    await Promise.allSettled(readers.map((reader) => reader.look()));
    await this.#save(readers);
  }

  /** Never rejects. */
  async #save(readers: readonly PartitionReader[]): Promise<void> {
    if (this.#link.isConnected) await saveAll(readers, this.#log);
  }

  #take(batch: Delivered): Promise<void> | undefined {
    const { intake, writer } = this.#parts ?? {};
    if (intake === undefined || writer === undefined) return undefined;
    if (this.#isOver || this.#leaving.has(batch.partition) || !this.#leases.owns(batch.partition)) {
      batch.leave();
      return undefined;
    }
    const decoded = decodeBatch(batch.data);
    if (decoded === undefined) {
      this.#malformed += 1;
      this.#log.warn({ partition: batch.partition }, 'a batch of measurements in NATS cannot be read');
      batch.acknowledge();
      return undefined;
    }
    // The broker's clock may be ahead of ours; nothing was received in the future.
    const receivedMs = Math.min(decoded.receivedMs, systemClock.now());
    for (const frames of decoded.messages) intake.receiveAt(receivedMs, frames);
    this.#inIntake.push(batch);
    const allowed = Math.floor(this.#options.maxUnsettled / 2);
    return writer.accepted > allowed ? writer.settled(writer.accepted - allowed) : undefined;
  }

  async #released(partition: number): Promise<void> {
    this.#leaving.add(partition);
    const reader = this.#readers.get(partition);
    this.#readers.delete(partition);
    // At a stop they were waited for already.
    if (this.#isOver) return;
    void reader?.stop();
    await within(this.#reading.get(partition) ?? Promise.resolve(), RELEASE_MS, systemClock);
    // It was lost meanwhile.
    if (!this.#leaving.has(partition)) return;
    this.#forget(partition);
    const until = performance.now() + RELEASE_MS;
    while ((reader?.unacknowledged ?? 0) > 0 && performance.now() < until) await pause(systemClock, 20);
  }

  #lost(partition: number): void {
    const reader = this.#readers.get(partition);
    this.#readers.delete(partition);
    this.#fresh.delete(partition);
    this.#leaving.delete(partition);
    void reader?.stop();
    this.#forget(partition);
  }

  #forget(partition: number): void {
    this.#parts?.comparing?.lost(partition);
    if (!this.#isStopping) this.#parts?.intake.forget((boxId) => partitionOfBox(boxId) === partition);
  }

  /** Of windows that the owner before began and did not write, the store has the measurements. */
  #recover(): void {
    this.#recovering = undefined;
    const fresh = new Set(this.#fresh);
    this.#fresh.clear();
    void this.#parts?.trends.recover((boxId) => fresh.has(partitionOfBox(boxId)));
  }
}
