/** What is in MongoDB at the end, counted by another program's means (the driver), against what the daemons accepted. */
import { type Db, MongoClient } from 'mongodb';
import { numberOf } from '../../../../store/mongo/fields/bson.js';
import type { Line } from './line.js';
import type { Load } from './load.js';

export interface Row {
  kind: string;
  accepted: number;
  stored: number;
  lost: number;
  doubled: number;
}

const SAMPLES_A_CYCLE = 200;

/** @param waveforms stored, as the acquisition broker says */
export async function countStored(line: Line, load: Load, waveforms: number): Promise<Row[]> {
  const client = new MongoClient(line.url);
  try {
    const db = client.db();
    return [
      await measurements(db, load),
      await events(db, load),
      await boxEvents(db, line, waveforms),
      await files(db),
    ];
  } finally {
    await client.close();
  }
}

async function measurements(db: Db, load: Load): Promise<Row> {
  const found = db
    .collection('measurements')
    .find({}, { projection: { _id: 0, box_id: 1, timestamp_ms: 1 }, batchSize: 20_000 });
  const stored = new Set<string>();
  let count = 0;
  for await (const { box_id, timestamp_ms } of found) {
    stored.add(`${box_id} ${numberOf(timestamp_ms)}`);
    count += 1;
  }
  const lost = [...load.measurements].filter((key) => !stored.has(key)).length;
  return {
    kind: 'measurements',
    accepted: load.measurements.size,
    stored: count,
    lost,
    doubled: count - stored.size,
  };
}

async function events(db: Db, load: Load): Promise<Row> {
  const found = await db.collection('events').find().toArray();
  const ids = found.map((event) => numberOf(event.event_id));
  const lost = load.events.filter((id) => !ids.includes(id)).length;
  const doubled = ids.length - new Set(ids).size + load.events.length - new Set(load.events).size;
  return { kind: 'events', accepted: load.events.length, stored: found.length, lost, doubled };
}

/** A box event counts only with its waveform whole, and with its box in the event's list. */
async function boxEvents(db: Db, line: Line, accepted: number): Promise<Row> {
  const found = await db.collection('box_events').find().toArray();
  const listed = new Set<string>();
  let listedTwice = 0;
  for (const event of await db.collection('events').find().toArray()) {
    for (const box of event.boxes_received as string[]) {
      const key = `${numberOf(event.event_id)} ${box}`;
      if (listed.has(key)) listedTwice += 1;
      listed.add(key);
    }
  }
  const keys = new Set<string>();
  let whole = 0;
  for (const { box_id, data_fs_filename, event_id, window_timestamps_ms } of found) {
    const key = `${numberOf(event_id)} ${box_id}`;
    keys.add(key);
    const times = (window_timestamps_ms as unknown[]).map((time) => numberOf(time) ?? 0);
    const bytes = await fileBytes(db, String(data_fs_filename));
    const held = line.boxes.get(Number(box_id))?.waveform((times[0] ?? 0) - 1, (times.at(-1) ?? 0) + 1);
    const same =
      held === undefined ||
      held.timesMs.length !== times.length ||
      bytes.equals(Buffer.from(held.samples.buffer, held.samples.byteOffset, held.samples.byteLength));
    if (bytes.length === times.length * SAMPLES_A_CYCLE * 2 && same && listed.has(key)) whole += 1;
  }
  const doubled = found.length - keys.size + listedTwice;
  return { kind: 'waveforms', accepted, stored: whole, lost: Math.max(0, accepted - whole), doubled };
}

async function fileBytes(db: Db, filename: string): Promise<Buffer> {
  const file = await db.collection('fs.files').findOne({ filename });
  const chunks = await db.collection('fs.chunks').find({ files_id: file?._id }).sort({ n: 1 }).toArray();
  return Buffer.concat(chunks.map((chunk) => Buffer.from(chunk.data.buffer)));
}

/** Every file belongs to one box event, every chunk to a file. */
async function files(db: Db): Promise<Row> {
  const found = await db.collection('fs.files').find().toArray();
  const names = new Set(found.map((file) => String(file.filename)));
  const named = await db.collection('box_events').distinct('data_fs_filename');
  const ids = new Set(found.map((file) => String(file._id)));
  const chunks = await db
    .collection('fs.chunks')
    .find({}, { projection: { files_id: 1, n: 1 } })
    .toArray();
  const keys = new Set(chunks.map((chunk) => `${chunk.files_id} ${chunk.n}`));
  const strays = chunks.filter((chunk) => !ids.has(String(chunk.files_id))).length;
  return {
    kind: 'files',
    accepted: named.length,
    stored: found.length,
    lost: named.filter((name) => !names.has(String(name))).length,
    doubled: found.length - names.size + (chunks.length - keys.size) + strays,
  };
}
