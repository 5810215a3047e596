/** What is followed, as the parts of the gateway learn of it. */
import type { BoxFinding } from '../common/box-findings.js';
import type { EventDocument, IncidentDocument, IncidentGroup } from '../store/store.js';

/** One daemon as its status server says. */
export interface FollowedDaemon {
  daemon: string;
  running: boolean;
  /** Unix ms since when it is so, as far as the gateway knows */
  since_ms: number;
  /** why it does not run */
  reason?: string;
  version?: string;
  details?: Readonly<Record<string, unknown>>;
}

/** All findings that a box has now; none: all is well. */
export interface FollowedFindings {
  box_id: string;
  findings: readonly BoxFinding[];
}

/**
 * Who learns of what is followed. Each promise is awaited before the position of the gateway advances, so what is fulfilled must be durable. The same call
 * may come again after a crash (same ids): it must change nothing.
 */
export interface Follower {
  /** stored, and again when more boxes have replied */
  event?(event: EventDocument): Promise<void>;
  /** stored, and again when it changed (an outage ended, it joined a group). An incident that goes on has end_timestamp_ms -1 */
  incident?(incident: IncidentDocument): Promise<void>;
  /** settled, and again when it changed */
  group?(group: IncidentGroup): Promise<void>;
  /** boxes whose findings it has from before a restart: their findings are passed on at the start, also where there are none any more */
  boxesWithFindings?(): Promise<readonly string[]>;
  /** changed; not durable: those that are there come again after a start */
  findings?(findings: FollowedFindings): Promise<void>;
  /** began or stopped to reply; once for each after a start */
  daemon?(daemon: FollowedDaemon): Promise<void>;
}
