import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import type { MongoStore } from '../../../store/mongo/index.js';
import { givenMongo } from '../../support/mongo-server.js';
import { pythonWith } from '../../support/python.js';
import { SHARED_DATA } from '../../support/shared-data.js';
import { boxEvent, newEvent } from '../contract/given.js';
import type { Writable } from '../writable.js';
import { type GivenMongo, givenDatabase } from './given.js';

const T = 1_509_577_000_000;

interface Seen {
  boxes_received: string[];
  event_start_timestamp_ms: number;
  event_end_timestamp_ms: number;
  window_timestamps_ms: number[];
  location: string;
  samples: number;
  rms_first: number;
  rms_min: number;
  cycle_of_min: number;
  types: Record<string, string>;
}

describe('MongoDB: an event as the analysis service reads it (pymongo, gridfs)', () => {
  const server = givenMongo();
  const given = givenDatabase(server);
  let python: string | undefined;

  before(async function () {
    this.timeout(400_000);
    python = await pythonWith('pymongo==4.15.5');
    if (python === undefined) this.skip();
  });

  async function seenBy({ db, url }: GivenMongo, eventId: number, boxId: string): Promise<Seen> {
    const script = join(PACKAGE_ROOT, 'test/mauka/read_event.py');
    const args = [script, url, db.databaseName, String(eventId), boxId];
    const { stdout } = await promisify(execFile)(python ?? 'python3', args, { timeout: 180_000 });
    return JSON.parse(stdout) as Seen;
  }

  async function store(to: Writable<MongoStore>, samples: Int16Array, calibration: number): Promise<void> {
    await to.putBox({ box_id: '1', calibration_constant: calibration, unplugged: false, location: 'oahu' });
    await to.insertEvent(newEvent(9354, T, { boxes_triggered: ['1', '4'] }));
    const cycles = Math.floor(samples.length / 200);
    await to.putBoxEvent({ ...boxEvent(9354, '1', T, cycles), location: 'oahu' }, samples, T + 900);
  }

  it('finds the sag of a recording, the samples whole, the times those of the cycles', async function () {
    const recording = join(SHARED_DATA, 'opq-box/event_9354_1');
    if (!existsSync(recording)) return this.skip();
    const bytes = readFileSync(recording);
    const samples = new Int16Array(bytes.length / 2).map((_, at) => bytes.readInt16LE(at * 2));
    await store(await given().open(), samples, 147.06);
    const seen = await seenBy(given(), 9354, '1');
    assert.equal(seen.samples, samples.length);
    assert.ok(Math.abs(seen.rms_first - 122.2) < 1, String(seen.rms_first));
    assert.ok(Math.abs(seen.rms_min - 102.2) < 0.6, String(seen.rms_min));
    assert.deepEqual(seen.boxes_received, ['1']);
    assert.equal(seen.location, 'oahu');
    assert.equal(seen.window_timestamps_ms[0], T);
    assert.equal(seen.event_end_timestamp_ms, (seen.window_timestamps_ms.at(-1) ?? 0) + 16);
    assert.deepEqual(seen.types, {
      event_id: 'int',
      expire_at: 'Int64',
      start: 'Int64',
      calibration_constant: 'float',
    });
  });

  it('finds a generated sag in a waveform of several chunks', async () => {
    const cycles = 1500;
    const sagAt = 1234;
    const samples = Int16Array.from({ length: cycles * 200 }, (_, at) => {
      const volts = Math.floor(at / 200) === sagAt ? 84 : 120;
      return Math.round(152.5 * volts * Math.SQRT2 * Math.sin((2 * Math.PI * at) / 200));
    });
    await store(await given().open(), samples, 152.5);
    const seen = await seenBy(given(), 9354, '1');
    assert.equal(seen.cycle_of_min, sagAt);
    assert.ok(Math.abs(seen.rms_min - 84) < 0.1, String(seen.rms_min));
    assert.ok((await given().db.collection('fs.chunks').countDocuments()) > 1);
  });
});
