/** What `/status` says of the share of the stream in NATS. */
import type { ComparingStatus } from '../comparing/comparing.js';

export interface PartitionsStatus {
  /** whether there is a connection to NATS */
  connected: boolean;
  /** those that this service reads */
  partitions: readonly number[];
  /** services that were there when it last looked */
  members: number;
  /** partitions taken since the start */
  moves: number;
  /** batches of these partitions that have not come here yet, and those that came and are not stored */
  waiting: number;
  unacknowledged: number;
  /** of these partitions, those that cannot be read at the moment: what waits in them is not known */
  unread: number;
  /** batches that cannot be read */
  malformed: number;
  /** plugins that compare boxes, where there are some */
  comparing?: ComparingStatus;
}
