/** What lies in a spool's file: writes as bytes, and the columns by which they are found, ordered and bounded. */

import { isQueue, POLICY, type Queue } from '../outbox/policy.js';
import type { Amounts } from '../store.js';
import { encodeWrite } from '../write-codec.js';
import { eventIdOf, itemsOf, type Write, type WriteKind } from '../writes.js';

/** A row to be spooled. */
export interface NewRow {
  queue: Queue;
  kind: WriteKind;
  eventId?: number | undefined;
  boxId?: string | undefined;
  /** whose state it is */
  plugin?: string | undefined;
  /** Unix ms */
  acceptedMs: number;
  /** measurements in the row, else 1 */
  items: number;
  /** of `encodeWrite` */
  body: Uint8Array;
}

export interface Row extends NewRow {
  seq: number;
}

/** Rows of one line are delivered in their order, and what comes live for it waits behind them: an event's id, or the plugin whose state it is. */
export type Line = number | string;

export function lineOf({ eventId, plugin }: Pick<NewRow, 'eventId' | 'plugin'>): Line | undefined {
  return eventId ?? plugin;
}

/** @param body the write as bytes, where it has been encoded already */
export function rowOf(write: Write, acceptedMs: number, body: Uint8Array = encodeWrite(write)): NewRow {
  const { spooled } = POLICY[write.kind];
  if (!isQueue(spooled)) throw new Error(`a write of ${write.kind} is not spooled`);
  return {
    queue: spooled,
    kind: write.kind,
    eventId: eventIdOf(write),
    boxId: write.kind === 'box_event' ? write.boxEvent.box_id : undefined,
    plugin: write.kind === 'plugin_state' ? write.state.plugin : undefined,
    acceptedMs,
    items: itemsOf(write),
    body,
  };
}

export interface SpoolLimits {
  /** of all rows together; the file is a little larger */
  maxBytes: number;
  maxAgeMs: number;
}

export interface QueueTotals {
  /** rows that wait, by kind; a row of measurements holds many */
  waiting: Amounts;
  /** measurements that wait */
  measurements: number;
  /** of rows and windows */
  bytes: number;
  /** trend windows to be computed again */
  windows: number;
  /** rows that the database refused */
  quarantined: number;
  /** Unix ms when the oldest was accepted */
  oldestMs: number | null;
}

/** `dropped`: measurements and not their rows; `trend_windows`: windows that will not be computed again */
export type Change = { dropped: Amounts; totals: QueueTotals };
export type Appended = Change & { taken: boolean[] };
