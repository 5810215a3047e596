/** How far a copy of a store has come, and what it did. */
import type { Stored } from './documents.js';

/** How far a copy has come. Times are those from which on is still to be copied; Infinity would be null in JSON, so `done` says it. */
export interface CopyPosition {
  eventsFromMs?: number;
  measurementsFromMs: Record<string, number>;
  trendsFromMs: Record<string, number>;
  /** by window and box */
  aggregatesFromMs: Record<string, number>;
  incidentsFromMs?: number;
  /** parts that are copied whole: `incidents`, `events`, `trends <box>`, `aggregates <seconds> <box>`, `measurements <box>` */
  done: string[];
}

export const emptyPosition = (): CopyPosition => ({
  measurementsFromMs: {},
  trendsFromMs: {},
  aggregatesFromMs: {},
  done: [],
});

/** Documents of one box in order of time. */
export type Series = 'trends' | 'aggregates' | 'measurements';
export type CopyPart = 'boxes' | 'incidents' | 'events' | Series;

export interface CopyProgress {
  part: CopyPart;
  /** how many units of the part there are, and how many are done, with fractions: events, or boxes */
  total: number;
  done: number;
}

export interface CopyReport {
  boxes: Stored;
  events: Stored;
  /** with their waveforms */
  boxEvents: Stored;
  trends: Stored;
  aggregates: Stored;
  /** with their samples */
  incidents: Stored;
  /** of plugins */
  series: Stored;
  measurements: Stored;
  /** with `update`: documents of the target that were given what people had changed in the source */
  updated: number;
  /** documents that the target had already and that differ from those of the source; the first names */
  different: { count: number; names: string[] };
  /** what one of the stores refused, first reasons first; 20 at most */
  refused: { count: number; reasons: string[] };
}

export interface CopyHooks {
  /**
   * true: what people changed in the source since an earlier copy is written into the target too: records of boxes, `makai_config`, locations, role and password of users, remarks
   * on incidents, and whether an event is kept
   */
  update?: boolean;
  /** called often */
  onProgress(progress: CopyProgress): void;
  /** called after each event and each batch, or more often */
  save(position: CopyPosition): Promise<void>;
}
