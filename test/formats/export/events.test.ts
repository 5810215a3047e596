/** One event of two boxes in every format, each read back: the two lowest voltages are found, times and places are right. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EventExportOptions,
  type EventParts,
  EXPORT_FORMATS,
  type ExportFormat,
  eventExporter,
} from '../../../formats/export/index.js';
import {
  isMissing,
  momentToMs,
  type Recording,
  readRecording,
  secondsOf,
  valuesOf,
} from '../../../formats/index.js';
import { readNdjson } from '../../../formats/ndjson/index.js';
import { ParquetContent } from '../../../formats/parquet/index.js';
import type { BoxDocument, BoxEventDocument, EventDocument } from '../../../store/store.js';

const T = 1_509_577_000_000;
const CYCLES = 60;
const PER_CYCLE = 200;

const EVENT: EventDocument = {
  event_id: 9354,
  type: 'VOLTAGE_SAG',
  description: 'lightning, "far" off',
  boxes_triggered: ['1', '4'],
  boxes_received: ['1', '4'],
  latencies_ms: [T + 900, T + 950],
  percent_magnitude: 16.4,
  target_event_start_timestamp_ms: T,
  target_event_end_timestamp_ms: T + 1000,
  expire_at: 1_600_000_000,
};

/** 120 V, from cycle 20 to 30 down to `lowestV`. */
function part(
  box_id: string,
  constant: number,
  lowestV: number,
  lateMs: number,
  lost = -1,
): EventParts['boxes'][number] {
  const counts = Int16Array.from({ length: CYCLES * PER_CYCLE }, (_, i) => {
    const cycle = Math.floor(i / PER_CYCLE);
    const volts = cycle >= 20 && cycle < 30 ? lowestV : 120;
    return Math.round(volts * constant * Math.SQRT2 * Math.sin((2 * Math.PI * i) / PER_CYCLE));
  });
  const timestamps = Array.from({ length: CYCLES }, (_, i) =>
    Math.round(T + lateMs + ((i + 1) * 1000) / 60 + (lost >= 0 && i >= lost ? 500 : 0)),
  );
  const boxEvent: BoxEventDocument = {
    event_id: EVENT.event_id,
    box_id,
    event_start_timestamp_ms: timestamps[0] ?? T,
    event_end_timestamp_ms: (timestamps.at(-1) ?? T) + 16,
    window_timestamps_ms: timestamps,
    location: box_id === '1' ? 'oahu' : 'hilo',
    data_fs_filename: `event_9354_${box_id}`,
  };
  const box: BoxDocument = { box_id, calibration_constant: constant, unplugged: false };
  return { boxEvent, box, counts };
}

const TWO: EventParts = { event: EVENT, boxes: [part('1', 147.06, 102.2, 0), part('4', 144.93, 111.6, 7)] };

/** Files by name, whole. */
function exported(
  format: ExportFormat,
  ...all: EventParts[]
): { files: Map<string, Buffer>; skipped: string[] } {
  return exportedWith(format, {}, ...all);
}

function exportedWith(
  format: ExportFormat,
  options: Partial<EventExportOptions>,
  ...all: EventParts[]
): { files: Map<string, Buffer>; skipped: string[] } {
  const skipped: string[] = [];
  const exporter = eventExporter(format, {
    nominalFrequencyHz: 60,
    nowMs: T,
    skipped: (text) => skipped.push(text),
    ...options,
  });
  const pieces = new Map<string, Uint8Array[]>();
  const ended = new Set<string>();
  const take = (chunks: Iterable<{ file: string; bytes: Uint8Array; last: boolean }>): void => {
    for (const { file, bytes, last } of chunks) {
      assert.ok(!ended.has(file), `${file} goes on after its end`);
      assert.match(file, /^[\w.-]+$/);
      // Its memory is used again.
      pieces.set(file, [...(pieces.get(file) ?? []), Uint8Array.from(bytes)]);
      if (last) ended.add(file);
    }
  };
  for (const parts of all) take(exporter.add(parts));
  take(exporter.finish());
  assert.deepEqual([...pieces.keys()].sort(), [...ended].sort());
  return { files: new Map([...pieces].map(([file, bytes]) => [file, Buffer.concat(bytes)])), skipped };
}

/** Lowest RMS of a cycle, from the first sample on, of each channel. */
function lowest(recording: Recording): Map<string, number> {
  return new Map(
    recording.analog.map((channel) => {
      // Where another box begins earlier, samples are missing; the cycles begin after them.
      const values = [...valuesOf(channel)].filter((value) => !Number.isNaN(value));
      let lowest = Number.POSITIVE_INFINITY;
      for (let from = 0; from + PER_CYCLE <= values.length; from += PER_CYCLE) {
        const cycle = values.slice(from, from + PER_CYCLE);
        lowest = Math.min(lowest, Math.sqrt(cycle.reduce((sum, v) => sum + v * v, 0) / PER_CYCLE));
      }
      return [channel.name, lowest];
    }),
  );
}

describe('formats/export: an event in every format', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-export-'));
  });
  after(() => rm(folder, { recursive: true }));

  function recordings(files: ReadonlyMap<string, Buffer>): Recording[] {
    for (const [file, bytes] of files) writeFileSync(join(folder, file), bytes);
    const readable = [...files.keys()].filter(
      (file) => !/\.(dat|hdr)$/.test(file) && !file.startsWith('events.'),
    );
    return readable.flatMap((file) => readRecording(join(folder, file)).recordings);
  }

  const NAMES: Readonly<Record<ExportFormat, string[]>> = {
    comtrade: ['event_9354.cfg', 'event_9354.dat', 'event_9354.hdr'],
    pqdif: ['event_9354.pqd'],
    pqds: ['event_9354_1.csv', 'event_9354_4.csv'],
    csv: ['waveforms.csv'],
    parquet: ['events.parquet', 'waveforms.parquet'],
    ndjson: ['events.ndjson'],
    wav: ['event_9354_1.wav', 'event_9354_4.wav'],
  };

  it('has a file for each format that there is', () => {
    for (const format of EXPORT_FORMATS) {
      const { files, skipped } = exported(format, TWO);
      assert.deepEqual([...files.keys()].sort(), NAMES[format], format);
      assert.deepEqual(skipped, [], format);
    }
  });

  for (const format of ['comtrade', 'pqdif', 'pqds', 'parquet', 'wav', 'csv'] as const) {
    it(`${format}: both boxes, their lowest voltages, when they were`, () => {
      const all = recordings(exported(format, TWO).files);
      const channels = all.flatMap((recording) => [...lowest(recording)]);
      // CSV has counts and volts of each box; only volts are the voltage.
      const volts = channels
        .filter(([name]) => format !== 'csv' || name === 'volts')
        .map(([, value]) => value)
        .sort((a, b) => a - b);
      assert.equal(volts.length, 2, String(channels));
      assert.ok(
        Math.abs((volts[0] ?? 0) - 102.2) < 0.05 && Math.abs((volts[1] ?? 0) - 111.6) < 0.05,
        String(volts),
      );
      const starts = all.map(({ start, analog }) => {
        const first = analog[0] === undefined ? 0 : (secondsOf(analog[0].time)[0] ?? 0);
        return (start === undefined ? 0 : momentToMs(start)) + 1000 * first;
      });
      // The first sample was taken a cycle before the first timestamp.
      assert.ok(Math.abs(Math.min(...starts) - T) < 1.5, `${starts[0]} is not ${T}`);
    });
  }

  it('COMTRADE of 1999 where that is asked for, of 2013 where nothing is', () => {
    for (const revision of [1999, undefined] as const) {
      const { files } = exportedWith('comtrade', revision === undefined ? {} : { revision }, TWO);
      const [first] = (files.get('event_9354.cfg') ?? '').toString().split('\r\n');
      assert.equal(first?.split(',')[2], String(revision ?? 2013));
      const volts = recordings(files).flatMap((recording) => [...lowest(recording).values()]);
      assert.ok(Math.abs(Math.min(...volts) - 102.2) < 0.05, String(volts));
    }
  });

  it('ndjson: the event, then its boxes with their counts', () => {
    const [event, ...boxes] = [
      ...readNdjson(exported('ndjson', TWO).files.get('events.ndjson') ?? Buffer.of(), 'x'),
    ];
    assert.deepEqual(event, EVENT);
    assert.deepEqual(
      boxes.map(({ box_id, calibration_constant, counts }) => [box_id, calibration_constant, counts]),
      TWO.boxes.map(({ boxEvent, box, counts }) => [boxEvent.box_id, box?.calibration_constant, [...counts]]),
    );
  });

  it('parquet: a row for each event besides the samples', () => {
    const content = new ParquetContent(
      exported('parquet', TWO, TWO).files.get('events.parquet') ?? Buffer.of(),
      'x',
    );
    assert.deepEqual([...content.documents()], [EVENT, EVENT]);
  });

  it('cycles that were lost stay a gap: formats of one rate leave the box out and say so, the others keep its times', () => {
    const gap: EventParts = { event: EVENT, boxes: [part('1', 147, 100, 0, 30), part('4', 144, 100, 0)] };
    const wav = exported('wav', gap);
    assert.deepEqual([...wav.files.keys()], ['event_9354_4.wav']);
    assert.match(wav.skipped.join('\n'), /event 9354, box 1: .*WAV/);
    const [pqdif] = recordings(exported('pqdif', gap).files);
    const times = pqdif?.analog[0] === undefined ? new Float64Array() : secondsOf(pqdif.analog[0].time);
    assert.ok(Math.abs((times[30 * PER_CYCLE] ?? 0) - (times[30 * PER_CYCLE - 1] ?? 0) - 0.5) < 0.001);
  });

  it('comtrade: cycles that a box lost are missing samples on the time base of all boxes', () => {
    const gap: EventParts = { event: EVENT, boxes: [part('1', 147, 100, 0, 30), part('4', 144, 110, 0)] };
    const { files, skipped } = exported('comtrade', gap);
    assert.deepEqual([[...files.keys()].sort(), skipped], [NAMES.comtrade, []]);
    const [recording] = recordings(files);
    const [one, four] = recording?.analog ?? [];
    assert.ok(one !== undefined && four !== undefined && one.time === four.time);
    const count = 60 * PER_CYCLE + 6000;
    const missing = Array.from({ length: count }, (_, i) => isMissing(one, i));
    assert.equal(one.samples.length, count);
    // Times are whole milliseconds, so a run may lie a sample beside.
    const [from, to] = [missing.indexOf(true), missing.lastIndexOf(true) + 1];
    assert.ok(Math.abs(from - 30 * PER_CYCLE) <= 1 && Math.abs(to - from - 6000) <= 4, `${from} to ${to}`);
    assert.ok(missing.slice(from, to).every(Boolean));
    const [first] = gap.boxes;
    const volts = [...valuesOf(one)].filter((value) => !Number.isNaN(value));
    assert.deepEqual(
      volts.map((value) => Math.round(value * 147)),
      [...(first?.counts ?? [])],
    );
    assert.equal(Array.from({ length: count }, (_, i) => isMissing(four, i)).filter(Boolean).length, 6000);
  });

  it('an event without a waveform is said to have none', () => {
    const none: EventParts = { event: EVENT, boxes: [] };
    for (const format of ['comtrade', 'pqdif', 'pqds', 'wav'] as const) {
      const { files, skipped } = exported(format, none);
      assert.equal(files.size, 0, format);
      assert.match(skipped.join(''), /event 9354: no waveform/);
    }
    assert.equal(
      exported('csv', none).files.get('waveforms.csv')?.toString(),
      'event_id,box_id,timestamp_ms,counts,volts\n',
    );
  });

  for (const format of ['comtrade', 'pqdif', 'wav'] as const) {
    it(`${format}: events share memory, and each is as if exported alone, also larger and smaller ones`, () => {
      const long = part('1', 147.06, 102.2, 0);
      const events = [1, 3, 2, 1, 1].map((times, i): EventParts => {
        const counts = Int16Array.from({ length: times * long.counts.length }, (_, k) => (k % 30_000) - i);
        const timestamps = Array.from({ length: counts.length / PER_CYCLE }, (_, k) =>
          Math.round(T + ((k + 1) * 1000) / 60),
        );
        const boxEvent = { ...long.boxEvent, event_id: i + 1, window_timestamps_ms: timestamps };
        return {
          event: { ...EVENT, event_id: i + 1 },
          boxes: [{ ...long, boxEvent, counts }, part('4', 144.93, 111.6, 7)],
        };
      });
      const together = exported(format, ...events).files;
      assert.ok(together.size >= events.length);
      for (const one of events) {
        for (const [name, bytes] of exported(format, one).files)
          assert.ok(together.get(name)?.equals(bytes), name);
      }
    });
  }

  it('names of files are safe, whatever a box is called', () => {
    const odd = { ...EVENT, event_id: 1 };
    const [first] = TWO.boxes;
    assert.ok(first !== undefined);
    const boxEvent = { ...first.boxEvent, box_id: '../../etc/x y' };
    const { files } = exported('pqds', { event: odd, boxes: [{ ...first, boxEvent }] });
    assert.deepEqual([...files.keys()], ['event_1_.._.._etc_x_y.csv']);
  });
});
