/** Memory for the records of one DAT after another: that of a WebAssembly module, which puts samples into them (assembly/interleave.ts). */
import { wasmExports } from '../../common/wasm.js';
import { IS_LITTLE } from '../little-endian.js';
import type { TimeBase } from '../recording.js';
import type { Take } from '../scratch.js';
import { PASS_BYTES, type Pass } from './pass.js';

/** What all records of a DAT begin with follows from this: their numbers and timestamps. */
export interface Beginning {
  time: TimeBase;
  /** halves of a record */
  step: number;
  timeMultiplier: number;
}

/** Puts the samples of two channels into records of `step` halves: `first` is the place of the first sample of `one`, that of `other` follows it. */
export type PutPair = (records: Uint16Array, one: Pass, other: Pass, first: number, step: number) => void;

export interface BegunRecords {
  halves: Uint16Array;
  /** numbers and timestamps are in the records */
  isBegun: boolean;
  /** memory for the samples of one pass: of this channel, and of the next one */
  passes: readonly [Buffer, Buffer];
  /** for channels of these `passes` and records of these `halves` only */
  putPair?: PutPair;
}

/** Records in new memory. */
export function newRecords(halves: number, take: Take): BegunRecords {
  const { buffer, byteOffset } = take(2 * halves);
  return {
    halves: new Uint16Array(buffer, byteOffset, halves),
    isBegun: false,
    passes: [take(PASS_BYTES), take(PASS_BYTES)],
  };
}

const MODULE = new URL('./interleave.wasm', import.meta.url);
const PAGE = 65_536;
/** The first bytes are left to the module. */
const RESERVED = 1024;
const RECORDS_AT = RESERVED + 2 * PASS_BYTES;

interface Exports {
  memory: WebAssembly.Memory;
  putPair(ones: number, others: number, to: number, size: number, count: number): void;
}

interface Kept extends Omit<Beginning, 'time'> {
  rateHz: number;
  startS: number;
  /** how many halves are begun records */
  begun: number;
}

/** Longer ones are rare, and not worth the memory: a minute of two boxes is 9 MB. */
const MAX_KEPT_HALVES = 2_097_152;

/**
 * The events of an export differ in their samples and in their length, not in what their records begin with: it stays in the memory from one event to the
 * next. What was taken before is overwritten.
 */
export class Records {
  #exports: Exports | undefined;
  readonly #putPair: PutPair = (records, one, other, first, step) => {
    const to = records.byteOffset + 2 * first;
    this.#exports?.putPair(one.words.byteOffset, other.words.byteOffset, to, 2 * step, records.length / step);
  };
  #kept: Kept | undefined;

  /**
   * @param count records, all of which the caller begins where they are not begun
   * @returns undefined where the recording has several rates or none, or is long
   * @throws MakaiError BUILD_INCOMPLETE without the built WebAssembly
   */
  take({ time, step, timeMultiplier }: Beginning, count: number): BegunRecords | undefined {
    const [section] = time.kind === 'rates' && time.sections.length === 1 ? time.sections : [];
    const length = step * count;
    if (time.kind !== 'rates' || section === undefined || length > MAX_KEPT_HALVES || !IS_LITTLE)
      return undefined;
    const { startS } = time;
    const { rateHz } = section;
    const kept = this.#kept;
    const fits =
      kept?.step === step &&
      kept.rateHz === rateHz &&
      kept.startS === startS &&
      kept.timeMultiplier === timeMultiplier;
    const begun = fits ? kept.begun : 0;
    this.#kept = { step, rateHz, startS, timeMultiplier, begun: Math.max(begun, length) };
    this.#exports ??= wasmExports(MODULE) as unknown as Exports;
    const { memory } = this.#exports;
    makeRoom(memory, length);
    const { buffer } = memory;
    return {
      halves: new Uint16Array(buffer, RECORDS_AT, length),
      isBegun: length <= begun,
      passes: [
        Buffer.from(buffer, RESERVED, PASS_BYTES),
        Buffer.from(buffer, RESERVED + PASS_BYTES, PASS_BYTES),
      ],
      putPair: this.#putPair,
    };
  }
}

/** Twice what is needed, so that it seldom grows; what is in the memory stays there. */
function makeRoom(memory: WebAssembly.Memory, halves: number): void {
  const bytes = memory.buffer.byteLength;
  if (RECORDS_AT + 2 * halves <= bytes) return;
  memory.grow(Math.ceil((RECORDS_AT + 2 * Math.min(MAX_KEPT_HALVES, 2 * halves) - bytes) / PAGE));
}
