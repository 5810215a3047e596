/**
 * Reads Parquet: our tables, and others of single values, groups and lists. The library's own reader trusts its input (a run of two thousand
 * million values in five bytes is laid out), so it is not used here.
 */
import { Budget } from '../budget.js';
import { momentFromMs } from '../moment.js';
import { unreadable } from '../problems.js';
import type { FileContent, Recording } from '../recording.js';
import { type FormatWarning, Warnings } from '../warnings.js';
import { rowsOf } from './assemble.js';
import { readChunk } from './chunk.js';
import type { Values } from './decode.js';
import { type Footer, readFooter } from './footer.js';
import type { Row } from './tables.js';
import { METADATA_KEY } from './write.js';

/** What a row group may take of any file, however small: 131,072 rows of our widest table. */
const GROUP_BYTES = 33_554_432;

/** What a sample needs while its recording is put together: a time and a count, twice. */
const SAMPLE_BYTES = 20;
/** What a recording needs besides, about. */
const PART_BYTES = 1000;

export class ParquetContent {
  readonly warnings: readonly FormatWarning[];
  readonly #footer: Footer;
  readonly #bytes: Buffer;
  readonly #file: string;

  /**
   * @param file its name, for messages
   * @throws MakaiError RECORDING_INVALID for what is no Parquet file, or a damaged footer
   */
  constructor(bytes: Uint8Array, file: string) {
    const warnings = new Warnings();
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#file = file;
    this.#footer = readFooter(this.#bytes, file, warnings, new Budget(bytes.length));
    this.warnings = warnings.all;
  }

  get rows(): number {
    return this.#footer.rows;
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.#footer.metadata;
  }

  /** Which of our tables it is; undefined for a file of another program. */
  get table(): string | undefined {
    const own = this.#own();
    return typeof own?.table === 'string' ? own.table : undefined;
  }

  /** Units by column, where the file is ours. */
  get units(): Readonly<Record<string, string>> {
    const units = this.#own()?.units;
    return typeof units === 'object' && units !== null ? (units as Record<string, string>) : {};
  }

  #own(): { table?: unknown; units?: unknown } | undefined {
    const text = this.#footer.metadata[METADATA_KEY];
    if (text === undefined) return undefined;
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === 'object' && value !== null ? value : undefined;
    } catch {
      throw unreadable({ file: this.#file }, `its metadata ${METADATA_KEY} are no JSON`, 'It was changed.');
    }
  }

  /** All rows as documents; a row group at a time is held. */
  *documents(): Generator<Row> {
    for (const group of this.#footer.groups) {
      const budget = new Budget(this.#bytes.length, GROUP_BYTES);
      const columns = group.chunks.map((chunk) => readChunk(this.#bytes, this.#file, chunk, budget));
      yield* rowsOf(this.#footer.root, group, columns, this.#file);
    }
  }

  /** Values of columns that are neither optional nor lists, a row group at a time. @throws MakaiError when one is missing */
  *columns(...names: string[]): Generator<Values[]> {
    for (const group of this.#footer.groups) {
      const budget = new Budget(this.#bytes.length, GROUP_BYTES);
      yield names.map((name) => {
        const chunk = group.chunks.find(({ leaf }) => leaf.path.length === 1 && leaf.path[0] === name);
        if (chunk === undefined || chunk.leaf.maxDefinition > 0)
          throw unreadable(
            { file: this.#file },
            `it has no column ${name} with a value in each row`,
            'Choose another file.',
          );
        return readChunk(this.#bytes, this.#file, chunk, budget).values;
      });
    }
  }
}

/**
 * Our table of waveforms as recordings, one a box and event.
 * @throws MakaiError RECORDING_INVALID, also for other tables
 */
export function readParquet(bytes: Uint8Array, file: string): FileContent {
  const content = new ParquetContent(bytes, file);
  if (content.table !== 'waveforms') {
    const what = content.table === undefined ? 'no table of ours' : `the table of ${content.table}`;
    throw unreadable(
      { file },
      `is ${what}, not that of waveforms`,
      '`makai events export --format parquet` writes it.',
    );
  }
  const parts = new Parts(file, new Budget(bytes.length, GROUP_BYTES));
  const names = ['event_id', 'box_id', 'location', 'timestamp_us', 'counts', 'calibration_constant'];
  for (const columns of content.columns(...names)) parts.add(columns);
  const recordings = parts.recordings();
  if (recordings.length === 0) throw unreadable({ file }, 'has no rows', 'Choose another file.');
  return { format: 'parquet', recordings, warnings: content.warnings };
}

interface Part {
  event: number;
  box: string;
  location: string;
  constant: number;
  times: Float64Array[];
  counts: Int16Array[];
}

/** Rows of one box and event that stand one after the other, over row groups. */
class Parts {
  readonly #file: string;
  readonly #budget: Budget;
  readonly #parts: Part[] = [];

  /** @param budget for what is kept over row groups */
  constructor(file: string, budget: Budget) {
    this.#file = file;
    this.#budget = budget;
  }

  add([events, boxes, locations, times, counts, constants]: Values[]): void {
    if (
      !(events instanceof Int32Array && times instanceof Float64Array && counts instanceof Int32Array) ||
      !(constants instanceof Float64Array && Array.isArray(boxes) && Array.isArray(locations))
    ) {
      throw unreadable(
        { file: this.#file },
        'its columns have other types than ours',
        'It was written by another program.',
      );
    }
    for (let from = 0; from < events.length; ) {
      const of = (row: number): boolean =>
        events[row] === events[from] && boxes[row] === boxes[from] && constants[row] === constants[from];
      let to = from + 1;
      while (to < events.length && of(to)) to += 1;
      const part = this.#partOf(
        events[from] ?? 0,
        String(boxes[from]),
        String(locations[from]),
        constants[from] ?? 1,
      );
      this.#budget.take(SAMPLE_BYTES * (to - from), { file: this.#file });
      part.times.push(times.slice(from, to));
      part.counts.push(Int16Array.from(counts.subarray(from, to)));
      from = to;
    }
  }

  #partOf(event: number, box: string, location: string, constant: number): Part {
    if (!(constant > 0 && Number.isFinite(constant)))
      throw unreadable(
        { file: this.#file },
        `calibration constant ${constant} of box ${box}`,
        'It must be above 0.',
      );
    const last = this.#parts.at(-1);
    if (last?.event === event && last.box === box && last.constant === constant) return last;
    this.#budget.take(PART_BYTES, { file: this.#file });
    const part = { event, box, location, constant, times: [], counts: [] };
    this.#parts.push(part);
    return part;
  }

  recordings(): Recording[] {
    return this.#parts.map((part) => {
      const count = part.times.reduce((sum, { length }) => sum + length, 0);
      const seconds = new Float64Array(count);
      const samples = new Int16Array(count);
      let at = 0;
      const startUs = part.times[0]?.[0] ?? 0;
      for (const [i, times] of part.times.entries()) {
        samples.set(part.counts[i] ?? [], at);
        for (let j = 0; j < times.length; j += 1) seconds[at + j] = ((times[j] ?? 0) - startUs) / 1e6;
        at += times.length;
      }
      return {
        name: `event ${part.event} box ${part.box}`,
        station: part.location,
        device: part.box,
        start: momentFromMs(startUs / 1000),
        nominalFrequencyHz: undefined,
        analog: [
          {
            name: `box ${part.box}`,
            phase: '',
            component: part.location,
            unit: 'V',
            samples,
            scale: 1 / part.constant,
            offset: 0,
            time: { kind: 'timestamps', seconds },
            skewS: 0,
          },
        ],
        digital: [],
        series: [],
        metadata: {},
      };
    });
  }
}
