/** Events in any format, one after the other. */
import { MakaiError } from '../../common/errors.js';
import { type ComtradeWriteOptions, Records, writeComtrade } from '../comtrade/index.js';
import { momentFromMs } from '../moment.js';
import { ndjsonLine } from '../ndjson/index.js';
import { DocumentTable, WaveformTable } from '../parquet/index.js';
import { writePqdif } from '../pqdif/index.js';
import { writePqds } from '../pqds/index.js';
import type { Recording, WrittenFile } from '../recording.js';
import { Scratch } from '../scratch.js';
import { writeWav } from '../wav/index.js';
import { type Chunk, type Exporter, type ExportFormat, nameOf, numbered } from './chunks.js';
import { alone, constantOf, type EventParts, eventRecording, runsOf } from './event-recording.js';
import { eventRow } from './rows.js';
import { CSV_HEADER, WaveformCsv } from './waveform-csv.js';

export interface EventExportOptions {
  /** nominal frequency of the grid, Hz; undefined: not known */
  nominalFrequencyHz?: number;
  /** Unix ms, for formats that say when the file was made */
  nowMs: number;
  /** revision of COMTRADE; left out: 2013 */
  revision?: ComtradeRevision;
  /** hears of each waveform that the format cannot hold */
  skipped(text: string): void;
}

export type ComtradeRevision = 1999 | 2013;

/** A Parquet file ends after so many row groups: its footer holds some kilobytes of each in memory. */
const MOST_GROUPS = 1000;

export function eventExporter(format: ExportFormat, options: EventExportOptions): Exporter<EventParts> {
  switch (format) {
    case 'csv':
      return new Csv();
    case 'ndjson':
      return new Ndjson();
    case 'parquet':
      return new Parquet();
    default:
      return new Files(format, options);
  }
}

/** Formats of which each event has files of its own. */
class Files implements Exporter<EventParts> {
  readonly #format: 'comtrade' | 'pqdif' | 'pqds' | 'wav';
  readonly #options: EventExportOptions;
  readonly #scratch = new Scratch();
  readonly #comtrade: ComtradeWriteOptions;
  readonly #comtradeWhole: ComtradeWriteOptions;

  constructor(format: 'comtrade' | 'pqdif' | 'pqds' | 'wav', options: EventExportOptions) {
    this.#format = format;
    this.#options = options;
    const { revision } = options;
    this.#comtrade = { take: this.#scratch.take, ...(revision === undefined ? {} : { revision }) };
    this.#comtradeWhole = { ...this.#comtrade, records: new Records() };
  }

  *add(parts: EventParts): Generator<Chunk> {
    this.#scratch.reset();
    const recording = eventRecording(parts, this.#options.nominalFrequencyHz);
    const name = `event_${parts.event.event_id}`;
    if (recording === undefined)
      this.#options.skipped(`${recording ?? `event ${parts.event.event_id}`}: no waveform`);
    else yield* this.#whole(recording, name) ?? this.#each(recording, name);
  }

  *finish(): Generator<Chunk> {
    // Every file is whole when its event is.
  }

  /** All boxes in one file; undefined where the format has one box a file, or their times do not fit together. */
  #whole(recording: Recording, name: string): Chunk[] | undefined {
    if (this.#format === 'pqdif') return [this.#pqdif(recording, name)];
    if (this.#format !== 'comtrade') return undefined;
    try {
      return chunksOf(writeComtrade(recording, this.#comtradeWhole), name);
    } catch (error) {
      if (error instanceof MakaiError && recording.analog.length > 1) return undefined;
      throw error;
    }
  }

  *#each(recording: Recording, name: string): Generator<Chunk> {
    for (const [i, channel] of recording.analog.entries()) {
      const one = alone(recording, i);
      if (one === undefined) continue;
      const own = `${name}_${nameOf(channel.name.replace(/^box /, ''))}`;
      try {
        yield* chunksOf(this.#files(one), own);
      } catch (error) {
        if (!(error instanceof MakaiError)) throw error;
        this.#options.skipped(`${recording.name}, ${channel.name}: ${error.message}`);
      }
    }
  }

  #files(recording: Recording): WrittenFile[] {
    if (this.#format === 'wav') return writeWav(recording, { take: this.#scratch.take });
    return this.#format === 'pqds' ? writePqds(recording) : writeComtrade(recording, this.#comtrade);
  }

  #pqdif(recording: Recording, name: string): Chunk {
    const file = `${name}.pqd`;
    const notes = Object.entries(recording.metadata).map(([key, value]) => `${key}: ${value}`);
    const bytes = writePqdif([recording], {
      created: momentFromMs(this.#options.nowMs),
      fileName: file,
      application: 'opq-makai',
      title: recording.name,
      notes: notes.join('\n'),
      take: this.#scratch.take,
    });
    return { file, bytes, last: true };
  }
}

function chunksOf(files: readonly WrittenFile[], name: string): Chunk[] {
  return files.map(({ extension, bytes }) => ({ file: `${name}${extension}`, bytes, last: true }));
}

class Csv implements Exporter<EventParts> {
  readonly #file = 'waveforms.csv';
  readonly #csv = new WaveformCsv();
  #begun = false;

  *add(parts: EventParts): Generator<Chunk> {
    yield* this.#begin();
    for (const part of parts.boxes) {
      for (const rows of this.#csv.rows(part.boxEvent, part.counts, constantOf(part)))
        yield { file: this.#file, bytes: rows, last: false };
    }
  }

  *finish(): Generator<Chunk> {
    yield* this.#begin();
    yield { file: this.#file, bytes: new Uint8Array(0), last: true };
  }

  *#begin(): Generator<Chunk> {
    if (!this.#begun) yield { file: this.#file, bytes: Buffer.from(CSV_HEADER), last: false };
    this.#begun = true;
  }
}

/** The event, then its box events with their counts. */
class Ndjson implements Exporter<EventParts> {
  readonly #file = 'events.ndjson';

  *add({ event, boxes }: EventParts): Generator<Chunk> {
    yield this.#line(event);
    for (const part of boxes) {
      const counts = Array.from(part.counts);
      yield this.#line({ ...part.boxEvent, calibration_constant: constantOf(part), counts });
    }
  }

  *finish(): Generator<Chunk> {
    yield { file: this.#file, bytes: new Uint8Array(0), last: true };
  }

  #line(document: object): Chunk {
    return { file: this.#file, bytes: Buffer.from(ndjsonLine(document)), last: false };
  }
}

/** Two tables: events, and samples. */
class Parquet implements Exporter<EventParts> {
  readonly #events = new DocumentTable('events');
  #waveforms = new WaveformTable();
  #number = 1;

  *add(parts: EventParts): Generator<Chunk> {
    this.#events.append(eventRow(parts.event));
    yield { file: 'events.parquet', bytes: this.#events.take(), last: false };
    for (const part of parts.boxes) {
      const { event_id, box_id, location } = part.boxEvent;
      for (const run of runsOf(part)) {
        this.#waveforms.append({
          event_id,
          box_id,
          location,
          calibration_constant: constantOf(part),
          startUs: run.startMs * 1000,
          stepUs: run.stepMs * 1000,
          counts: part.counts.subarray(run.first, run.first + run.count),
        });
      }
      yield { file: this.#file, bytes: this.#waveforms.take(), last: false };
    }
    if (this.#waveforms.groups < MOST_GROUPS) return;
    yield { file: this.#file, bytes: this.#waveforms.finish(), last: true };
    this.#waveforms = new WaveformTable();
    this.#number += 1;
  }

  *finish(): Generator<Chunk> {
    yield { file: 'events.parquet', bytes: this.#events.finish(), last: true };
    yield { file: this.#file, bytes: this.#waveforms.finish(), last: true };
  }

  get #file(): string {
    return numbered('waveforms', this.#number, '.parquet');
  }
}
