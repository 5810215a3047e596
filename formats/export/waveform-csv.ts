/**
 * Waveforms as CSV: `event_id,box_id,timestamp_ms,counts,volts`, one row per sample. An event of 100 boxes and 10 s has 12 million rows. So
 * rows are written as bytes, and repeated parts (the digits of a value, of a second) are formatted once: three times as fast as strings.
 */
import { type SampleRun, sampleRuns } from '../../signal/index.js';
import type { BoxEventDocument } from '../../store/store.js';

export const CSV_HEADER = 'event_id,box_id,timestamp_ms,counts,volts\n';

const CHUNK_BYTES = 256 * 1024;
const VOLT_DECIMALS = 6;

/** The digits of 000 to 999. */
const TRIPLES = Buffer.from(Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0')).join(''));
const POINT = 0x2e;

/** The ends of rows, `,counts,volts\n`, by count. Each is formatted when it is first needed. */
class RowEnds {
  /** bytes per table entry: count and volts have at most 6 and 30 digits */
  static readonly stride = 48;
  readonly bytes = Buffer.alloc(65_536 * RowEnds.stride);
  readonly lengths = new Uint8Array(65_536);
  readonly #constant: number;

  constructor(calibrationConstant: number) {
    this.#constant = calibrationConstant;
  }

  /** Formats the end for one count and returns its length. */
  make(count: number): number {
    const place = count + 32_768;
    const text = `,${count},${(count / this.#constant).toFixed(VOLT_DECIMALS)}\n`;
    const length = this.bytes.write(text, place * RowEnds.stride, RowEnds.stride, 'latin1');
    this.lengths[place] = length;
    return length;
  }
}

/** Turns waveforms into chunks of CSV. Formatted values are kept per calibration constant from one waveform to the next. */
export class WaveformCsv {
  /** 3 MB each, so only a few are kept */
  readonly #ends = new Map<number, RowEnds>();

  /**
   * The rows of one box in one event, in chunks of about 256 kB.
   * @param samples raw counts
   * @param calibrationConstant counts per volt
   */
  *rows(boxEvent: BoxEventDocument, samples: Int16Array, calibrationConstant: number): Generator<Buffer> {
    const ends = this.#endsOf(calibrationConstant);
    const { window_timestamps_ms: timestamps, event_start_timestamp_ms: start } = boxEvent;
    const head = `${boxEvent.event_id},${boxEvent.box_id},`;
    const rowBytes = head.length + 32 + RowEnds.stride;
    for (const run of sampleRuns(timestamps, samples.length, start)) {
      for (let from = 0; from < run.count; ) {
        const chunk = Buffer.allocUnsafe(CHUNK_BYTES + rowBytes);
        const filled = fill(chunk, head, samples, run, from, ends);
        yield chunk.subarray(0, filled.bytes);
        from += filled.rows;
      }
    }
  }

  #endsOf(calibrationConstant: number): RowEnds {
    const known = this.#ends.get(calibrationConstant);
    if (known !== undefined) return known;
    if (this.#ends.size >= 8) this.#ends.clear();
    const made = new RowEnds(calibrationConstant);
    this.#ends.set(calibrationConstant, made);
    return made;
  }
}

/** Writes rows of a run, starting at its sample `from`, until the chunk is full or the run ends. */
function fill(
  chunk: Buffer,
  head: string,
  samples: Int16Array,
  run: SampleRun,
  from: number,
  ends: RowEnds,
): { bytes: number; rows: number } {
  // Times are whole microseconds after the second in which the chunk begins: small integers are fast.
  const { stepMs, first, count } = run;
  const fromMs = run.startMs + from * stepMs;
  let second = Math.floor(fromMs / 1000);
  let offsetUs = 1000 * (fromMs - 1000 * second);
  let start = Buffer.from(`${head}${second > 0 ? second : ''}`);
  let at = 0;
  let j = from;
  for (; j < count && at < CHUNK_BYTES; j += 1) {
    let us = Math.round(offsetUs + (j - from) * 1000 * stepMs);
    while (us >= 1_000_000) {
      us -= 1_000_000;
      offsetUs -= 1_000_000;
      second += 1;
      start = Buffer.from(`${head}${second > 0 ? second : ''}`);
    }
    for (let k = 0; k < start.length; k += 1) chunk[at + k] = start[k] as number;
    at += start.length;
    const ms = (us / 1000) | 0;
    const rest = 3 * (us - 1000 * ms);
    chunk[at] = TRIPLES[3 * ms] as number;
    chunk[at + 1] = TRIPLES[3 * ms + 1] as number;
    chunk[at + 2] = TRIPLES[3 * ms + 2] as number;
    chunk[at + 3] = POINT;
    chunk[at + 4] = TRIPLES[rest] as number;
    chunk[at + 5] = TRIPLES[rest + 1] as number;
    chunk[at + 6] = TRIPLES[rest + 2] as number;
    at += 7;
    const value = samples[first + j] as number;
    const place = (value + 32_768) * RowEnds.stride;
    const length = ends.lengths[value + 32_768] || ends.make(value);
    for (let k = 0; k < length; k += 1) chunk[at + k] = ends.bytes[place + k] as number;
    at += length;
  }
  return { bytes: at, rows: j - from };
}
