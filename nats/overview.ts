/** The whole cluster at one moment, as the NATS servers see it: the stream, the services, who reads which partition, and the acquisition brokers. Nothing is changed. */
import {
  type ConsumerInfo,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { messageOf } from '../common/errors.js';
import type { HeardBrokers } from '../stream/brokers.js';
import { type BrokersOverview, readBrokers } from './broker-overview.js';
import { orNotThere } from './file-stream.js';
import { hearsIn } from './heard-brokers.js';
import { ANALYSIS_BUCKET, GATEWAY_BUCKET, readLeases } from './lease-bucket.js';
import { nameOfMember } from './lease-table.js';
import type { NatsConnection } from './link.js';
import { ALL_PARTITIONS, PARTITIONS, STREAM, subjectOf } from './partition.js';
import { partitionReadBy, revisionIn } from './partition-consumers.js';

export interface Overview {
  /** undefined: the stream was never made */
  stream: StreamOverview | undefined;
  services: readonly ServiceOverview[];
  partitions: readonly PartitionOverview[];
  /** name of the service that runs the plugins that compare boxes; left out: none does */
  elected?: string;
  /** analysis services, and gateways, that share the work of one store */
  followers: readonly FollowersOverview[];
  /** acquisition brokers that are several; left out: none was ever */
  acquisition?: BrokersOverview;
  /** why they are not shown, where this user may not ask them */
  acquisition_problem?: string;
}

export interface FollowersOverview {
  kind: 'analysis-service' | 'gateway';
  /** of the one that does what only one may do; left out: nobody does */
  elected?: string;
  /** those that are there, with how many partitions of the boxes; gateways have none: one is active and the others stand by */
  services: readonly FollowerOverview[];
}

export interface FollowerOverview {
  name: string;
  partitions: number;
  /** triggering brokers; left out where it hears none: a gateway that stands by, a service without live measurements, one of an earlier version */
  hears?: HeardBrokers;
}

export interface StreamOverview {
  batches: number;
  bytes: number;
  /** from here on the oldest batches are dropped */
  max_bytes: number;
  max_age_seconds: number;
  /** when the oldest and the newest batch came, Unix ms; undefined: there is none */
  oldest_ms: number | undefined;
  newest_ms: number | undefined;
  replicas: number;
  servers: readonly StreamServer[];
}

export interface StreamServer {
  name: string;
  leader: boolean;
  /** it has what the leader has */
  current: boolean;
  offline: boolean;
  /** operations that it is behind */
  lag: number;
}

export interface ServiceOverview extends Lag {
  name: string;
  /** differs between runs of the same service */
  member: string;
  partitions: readonly number[];
}

export interface PartitionOverview extends Lag {
  partition: number;
  /** name of the service; undefined: nobody reads it */
  owner: string | undefined;
}

interface Lag {
  /** batches that nobody has read yet */
  waiting: number;
  /** batches that were read and are not stored yet */
  unacknowledged: number;
}

/** @throws Error of the client: no JetStream, no permission, or no reply in time */
export async function readOverview(connection: NatsConnection): Promise<Overview> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const info = await orNotThere(() => manager.streams.info(STREAM, { subjects_filter: ALL_PARTITIONS }));
  const leases = await orNotThere(() => readLeases(connection));
  const consumers = info === undefined ? new Map<number, ConsumerInfo>() : await newestConsumers(manager);
  const owners = Array.from({ length: PARTITIONS }, (_, partition) => leases?.ownerOf(partition));
  const lags = owners.map((_, partition) => lagOf(partition, consumers.get(partition), info));
  const acquisition = await brokersOf(connection);
  return {
    stream: info && streamOverview(info),
    ...acquisition,
    ...(leases?.elected === undefined ? {} : { elected: nameOfMember(leases.elected) }),
    followers: [
      ...(await followersOf(connection, 'analysis-service', ANALYSIS_BUCKET)),
      ...(await followersOf(connection, 'gateway', GATEWAY_BUCKET)),
    ],
    services: (leases?.members ?? []).map((member) => {
      const partitions = [...owners.keys()].filter((partition) => owners[partition] === member);
      const sum = (of: keyof Lag): number =>
        partitions.reduce((total, partition) => total + (lags[partition]?.[of] ?? 0), 0);
      return {
        name: nameOfMember(member),
        member,
        partitions,
        waiting: sum('waiting'),
        unacknowledged: sum('unacknowledged'),
      };
    }),
    partitions: lags.map((lag, partition) => {
      const owner = owners[partition];
      return { partition, owner: owner === undefined ? undefined : nameOfMember(owner), ...lag };
    }),
  };
}

/** A user with the rights of an earlier version still sees all the rest. */
async function brokersOf(
  connection: NatsConnection,
): Promise<Pick<Overview, 'acquisition' | 'acquisition_problem'>> {
  try {
    const acquisition = await readBrokers(connection);
    return acquisition === undefined ? {} : { acquisition };
  } catch (error) {
    return { acquisition_problem: messageOf(error) };
  }
}

/** @returns none where no service of this kind was ever started with `nats` */
async function followersOf(
  connection: NatsConnection,
  kind: FollowersOverview['kind'],
  bucket: string,
): Promise<FollowersOverview[]> {
  const table = await orNotThere(() => readLeases(connection, bucket));
  if (table === undefined) return [];
  const services = table.members.map((member) => {
    const hears = hearsIn(table.saidBy(member));
    return {
      name: nameOfMember(member),
      partitions: Array.from({ length: PARTITIONS }, (_, partition) => table.ownerOf(partition)).filter(
        (owner) => owner === member,
      ).length,
      ...(hears === undefined ? {} : { hears }),
    };
  });
  const { elected } = table;
  return [{ kind, ...(elected === undefined ? {} : { elected: nameOfMember(elected) }), services }];
}

/** The consumer of the last owner of each partition. */
async function newestConsumers(manager: JetStreamManager): Promise<Map<number, ConsumerInfo>> {
  const newest = new Map<number, ConsumerInfo>();
  for await (const info of manager.consumers.list(STREAM)) {
    const partition = partitionReadBy(info);
    if (partition === undefined) continue;
    const other = newest.get(partition);
    if (other === undefined || revisionIn(other) < revisionIn(info)) newest.set(partition, info);
  }
  return newest;
}

/** Where nobody has ever read a partition, everything in it waits. */
function lagOf(partition: number, consumer: ConsumerInfo | undefined, info: StreamInfo | undefined): Lag {
  if (consumer === undefined)
    return { waiting: info?.state.subjects?.[subjectOf(partition)] ?? 0, unacknowledged: 0 };
  return { waiting: consumer.num_pending, unacknowledged: consumer.num_ack_pending };
}

function streamOverview({ cluster, config, state }: StreamInfo): StreamOverview {
  const { bytes, messages } = state;
  const time = (text: string): number | undefined => (messages === 0 ? undefined : Date.parse(text));
  const leader = cluster?.leader;
  return {
    batches: messages,
    bytes,
    max_bytes: config.max_bytes,
    max_age_seconds: config.max_age / 1e9,
    oldest_ms: time(state.first_ts),
    newest_ms: time(state.last_ts),
    replicas: config.num_replicas,
    servers: [
      ...(leader === undefined
        ? []
        : [{ name: leader, leader: true, current: true, offline: false, lag: 0 }]),
      ...(cluster?.replicas ?? []).map(({ current, lag = 0, name, offline = false }) => ({
        name,
        leader: false,
        current,
        offline,
        lag,
      })),
    ],
  };
}
