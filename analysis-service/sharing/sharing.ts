/**
 * Several analysis services on one store. The boxes are divided among them in the 64 partitions of nats/partition.ts: a waveform is analysed, and a ten-minute value computed, by
 * the owner of its box, so that two waveforms of one box are never judged at the same time. What needs all boxes (groups, outages) is done by one of them, which is elected.
 */
import { systemClock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { NatsServers } from '../../config/index.js';
import { Election } from '../../nats/election.js';
import { ANALYSIS_BUCKET } from '../../nats/lease-bucket.js';
import { newMember } from '../../nats/lease-table.js';
import { Leases } from '../../nats/leases.js';
import { type NatsConnection, NatsLink } from '../../nats/link.js';
import { publishNotice } from '../../nats/notices.js';
import { partitionOfBox } from '../../nats/partition.js';
import { replicasWhenThere } from '../../nats/stream.js';
import type { HeardBrokers } from '../../stream/brokers.js';
import type { Share } from './share.js';

export interface SharingOptions {
  servers: NatsServers;
  /** names this service, for people */
  service: string;
  /** which triggering brokers it hears */
  hears?: () => HeardBrokers | undefined;
  log: Logger;
}

export interface SharingParts {
  /** partitions were taken: of their boxes something may be left to do */
  taken(): void;
  /** fulfilled when nothing of these boxes is under way */
  released(isOf: (boxId: string) => boolean): Promise<void>;
  /** this service is the elected one */
  elected(): void;
  /** it is not any more */
  lost(): void;
}

export interface SharingStatus {
  /** whether there is a connection to NATS */
  connected: boolean;
  /** those whose boxes this service analyses */
  partitions: readonly number[];
  /** services that were there when it last looked */
  members: number;
  /** partitions taken since the start */
  moves: number;
  /** whether this service looks after groups and outages, the name of the one that does, and how often it was elected */
  elected: boolean;
  service?: string;
  elections: number;
}

export class Sharing implements Share, Running {
  readonly #log: ThrottledLog;
  readonly #link: NatsLink;
  readonly #leases: Leases;
  readonly #election: Election;
  /** partitions that are about to be given away */
  readonly #leaving = new Set<number>();
  #parts: SharingParts | undefined;
  #isStopping = false;

  constructor({ hears, log, servers, service }: SharingOptions) {
    this.#log = new ThrottledLog(log);
    const common = { bucket: ANALYSIS_BUCKET, clock: systemClock, log };
    this.#leases = new Leases({
      ...common,
      member: newMember(service),
      hears,
      taken: (partition) => {
        this.#leaving.delete(partition);
        this.#parts?.taken();
      },
      released: (partition) => this.#released(partition),
      lost: () => undefined,
    });
    this.#election = new Election({
      ...common,
      name: service,
      does: 'looks after groups of incidents and outages',
      elected: () => this.#parts?.elected(),
      lost: () => this.#parts?.lost(),
    });
    this.#link = new NatsLink({
      servers,
      name: 'makai analysis-service',
      log,
      connected: (connection, lost) => void this.#connected(connection, lost),
      disconnected: () => undefined,
    });
  }

  takes(boxId: string): boolean {
    const partition = partitionOfBox(Number(boxId));
    return !this.#leaving.has(partition) && this.#leases.owns(partition);
  }

  owns(boxId: string): boolean {
    return this.#leases.owns(partitionOfBox(Number(boxId)));
  }

  /** A notice for those who hear all services. */
  notice(topic: string, body: string): void {
    const { connection } = this.#link;
    if (connection !== undefined) publishNotice(connection, topic, body);
  }

  get isElected(): boolean {
    return this.#election.isElected;
  }

  status(): SharingStatus {
    const { holder, isElected, moves } = this.#election;
    return {
      connected: this.#link.isConnected,
      partitions: this.#leases.owned,
      members: this.#leases.members,
      moves: this.#leases.moves,
      elected: isElected,
      ...(holder === undefined ? {} : { service: holder }),
      elections: moves,
    };
  }

  /**
   * @param isCandidate whether this service may be elected
   * @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED for files of `nats`
   */
  start(parts: SharingParts, isCandidate: boolean): void {
    this.#parts = parts;
    this.#election.stand(isCandidate);
    this.#link.start();
  }

  /** Gives everything back. What is done of it has ended before. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#election.stop();
    await this.#leases.stop();
    await this.#link.stop();
  }

  async #released(partition: number): Promise<void> {
    this.#leaving.add(partition);
    await this.#parts?.released((boxId) => partitionOfBox(Number(boxId)) === partition);
  }

  async #connected(connection: NatsConnection, lost: AbortSignal): Promise<void> {
    const replicas = await replicasWhenThere(connection, lost, this.#log);
    if (replicas === undefined || this.#isStopping) return;
    this.#leases.connected(connection, replicas);
    this.#election.connected(connection, replicas);
  }
}
