/** What every chart of an event gets. */
import type { BoxEvent, EventDetail } from '../../../web-service/api/index.js';
import type { Range } from '../../logic/range.js';

export interface EventChart {
  event: EventDetail;
  /** deepest first */
  boxes: BoxEvent[];
  /** Unix ms that ranges and cursors are relative to */
  originMs: number;
  range: Range;
  zoom: { limits: Range; minSpan: number; onRange: (range: Range) => void };
  isPu: boolean;
  selected: string | undefined;
  cursors: { a: number | undefined; b: number | undefined };
  onCursor: ((ms: number, isShift: boolean) => void) | undefined;
}

/** Rows of waveforms at first: what fits a screen, and is loaded in a second. */
export const FIRST_ROWS = 8;
