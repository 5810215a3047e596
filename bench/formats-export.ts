/** `npm run bench -- formats-export`: events of two boxes out of a SQLite file into each format, against reading their bytes from the store. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Chunk, EXPORT_FORMATS, type ExportFormat, eventExporter } from '../formats/export/index.js';
import { int16Of } from '../formats/little-endian.js';
import { openStore } from '../store/open.js';
import type { BoxDocument, Store } from '../store/store.js';
import { type Benchmark, type Comparison, compare } from './compare.js';

const EVENTS = 1000;
const BOXES = ['1001', '1002'];
/** An event of 3 s: a sag with a second before and after it. */
const CYCLES = 180;
const PER_CYCLE = 200;
const GOAL = 0.5;
const T = 1_700_000_000_000;
/** Formats of bytes; text of ten times the size cannot be as fast as reading. */
const TEXT_EVENTS = 100;
const BINARY: readonly ExportFormat[] = ['comtrade', 'pqdif', 'wav'];

export const formatsExport: Benchmark = {
  name: 'formats-export',
  long: true,
  what: `${EVENTS} events of two boxes exported, against reading their bytes from the store`,
  run: async ({ rounds }): Promise<Comparison[]> => {
    const folder = mkdtempSync(join(tmpdir(), 'makai-bench-export-'));
    const store = await openStore(`sqlite:${join(folder, 'makai.db')}`, {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
      thread: 'inline',
    });
    try {
      await fill(store);
      const reading = { name: 'reading', once: () => perSecond(() => read(store)) };
      const contenders = EXPORT_FORMATS.map((format) => ({
        name: format,
        once: () => perSecond(() => exported(store, format, join(folder, 'out')), eventsOf(format)),
      }));
      return [
        await compare(
          {
            title: `export of ${EVENTS} events of two boxes and ${CYCLES / 60} s`,
            unit: 'events/s',
            better: 'higher',
            baseline: reading.name,
            goals: BINARY.map((contender) => ({ contender, ratio: GOAL })),
            contenders: [reading, ...contenders],
          },
          rounds,
        ),
      ];
    } finally {
      await store.close();
      rmSync(folder, { recursive: true });
    }
  },
};

async function perSecond(work: () => Promise<number>, events = EVENTS): Promise<number> {
  const start = process.hrtime.bigint();
  const bytes = await work();
  if (bytes < events * BOXES.length * CYCLES * PER_CYCLE) throw new Error(`only ${bytes} bytes`);
  return events / (Number(process.hrtime.bigint() - start) / 1e9);
}

async function fill(store: Store): Promise<void> {
  for (const box_id of BOXES)
    await store.putBox({ box_id, calibration_constant: 147.06, unplugged: false, location: 'oahu' });
  for (let event_id = 1; event_id <= EVENTS; event_id += 1) {
    const startMs = T + 60_000 * event_id;
    await store.apply({
      kind: 'event',
      event: {
        event_id,
        type: 'VOLTAGE_SAG',
        description: 'bench',
        boxes_triggered: BOXES,
        percent_magnitude: 12,
        target_event_start_timestamp_ms: startMs,
        target_event_end_timestamp_ms: startMs + (CYCLES * 1000) / 60,
      },
    });
    for (const [i, box_id] of BOXES.entries()) {
      const times = Array.from({ length: CYCLES }, (_, k) =>
        Math.round(startMs + 3 * i + ((k + 1) * 1000) / 60),
      );
      const samples = Int16Array.from({ length: CYCLES * PER_CYCLE }, (_, k) =>
        Math.round(25_000 * Math.sin((2 * Math.PI * k) / PER_CYCLE + i) + 30 * Math.sin(k * k + event_id)),
      );
      const boxEvent = {
        event_id,
        box_id,
        event_start_timestamp_ms: times[0] ?? startMs,
        event_end_timestamp_ms: (times.at(-1) ?? startMs) + 16,
        window_timestamps_ms: times,
        location: 'oahu',
        data_fs_filename: `event_${event_id}_${box_id}`,
      };
      await store.apply({ kind: 'box_event', boxEvent, samples, acceptedAtMs: startMs });
    }
  }
}

async function read(store: Store): Promise<number> {
  let bytes = 0;
  for await (const { boxes } of parts(store)) for (const { counts } of boxes) bytes += counts.byteLength;
  return bytes;
}

async function exported(store: Store, format: ExportFormat, out: string): Promise<number> {
  const exporter = eventExporter(format, {
    nominalFrequencyHz: 60,
    nowMs: T,
    skipped: (text) => {
      throw new Error(text);
    },
  });
  // Into one file that begins again with each event: the time is that of the format, and neither that of the disk nor that of making thousands of files.
  const file = openSync(out, 'w');
  let bytes = 0;
  const write = (chunks: Iterable<Chunk>): void => {
    let at = 0;
    for (const chunk of chunks) {
      for (let done = 0; done < chunk.bytes.length; )
        done += writeSync(file, chunk.bytes, done, chunk.bytes.length - done, at + done);
      at += chunk.bytes.length;
    }
    bytes += at;
  };
  try {
    for await (const event of parts(store, eventsOf(format))) write(exporter.add(event));
    write(exporter.finish());
  } finally {
    closeSync(file);
  }
  return bytes;
}

const eventsOf = (format: ExportFormat): number => (BINARY.includes(format) ? EVENTS : TEXT_EVENTS);

async function* parts(store: Store, limit = EVENTS) {
  const boxes = new Map<string, BoxDocument>((await store.boxes()).map((box) => [box.box_id, box]));
  for await (const event of store.events({ limit })) {
    const found = [];
    for (const boxEvent of await store.boxEvents(event.event_id)) {
      const bytes = await store.waveform(boxEvent.data_fs_filename);
      if (bytes === undefined) throw new Error('a waveform is missing');
      found.push({ boxEvent, box: boxes.get(boxEvent.box_id), counts: int16Of(bytes) });
    }
    yield { event, boxes: found };
  }
}
