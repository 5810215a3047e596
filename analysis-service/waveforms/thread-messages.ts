/** What crosses between the pool and its threads. */
import type { ErrorCode } from '../../common/error-codes.js';
import { MakaiError, messageOf } from '../../common/errors.js';
import type { Reference } from '../../store/reference.js';
import type { StoreFile } from '../../store/store.js';
import type { MeasuredClock } from '../clocks/clocks.js';
import type { WaveformInput } from './input.js';
import type { WaveformResult } from './results.js';

/** What a thread needs to read and write the store itself. */
export interface ThreadData {
  store: StoreFile;
  /** what holds where the store says nothing */
  reference: Reference;
}

/** The waveforms of one event. */
export interface Job {
  waveforms: readonly WaveformInput[];
}

/** Waveforms of one event that the thread reads from the store, and whose findings it writes there. */
export interface StoredJob {
  eventId: number;
  boxIds: readonly string[];
  /** of its boxes, those clocks that are known to be wrong */
  clocks: ReadonlyMap<string, MeasuredClock>;
}

/** Of a stored job: what is durable, and why the rest is not. */
export interface StoredReply {
  results: WaveformResult[];
  failure?: Failure;
}

export interface Failure {
  message: string;
  code?: ErrorCode;
  hint?: string;
}

export function failureOf(error: unknown): Failure {
  const message = messageOf(error);
  if (!(error instanceof MakaiError)) return { message };
  return { message, code: error.code, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}

export function errorOf({ code, hint, message }: Failure): Error {
  if (code === undefined) return new Error(message);
  return new MakaiError(code, message, hint === undefined ? {} : { hint });
}
