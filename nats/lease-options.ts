/** Who a member of the leases is, and what it calls when it gets or loses a partition. */
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import type { HeardBrokers } from '../stream/brokers.js';

export interface LeaseOptions {
  /** this member: no other one has the name */
  member: string;
  /** of those who divide partitions among them; left out: the triggering services */
  bucket?: string;
  /** which triggering brokers this member hears: others read it beside its name */
  hears?: (() => HeardBrokers | undefined) | undefined;
  clock: Clock;
  log: Logger;
  /** this member has the partition from now on. @param revision higher than that of every owner before */
  taken(partition: number, revision: number): void;
  /** it is to be given to another member: fulfilled when nothing of it is under way here. It may be lost meanwhile, and is not taken again before */
  released(partition: number): Promise<void>;
  /** it is lost: nothing of it may be done any more */
  lost(partition: number): void;
}
