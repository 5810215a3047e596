import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AnalysisPool, analyseEvent, KnownBoxes } from '../../../analysis-service/index.js';
import { systemClock } from '../../../common/clock.js';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { Turns } from '../../../common/turn.js';
import { STORE_IDS } from '../../../daemon/incident-ids.js';
import { givenMongo } from '../../support/mongo-server.js';
import { pythonWith } from '../../support/python.js';
import { SHARED_DATA } from '../../support/shared-data.js';
import { boxEvent, columnsOf, newEvent } from '../contract/given.js';
import { givenDatabase } from './given.js';

const T = 1_509_577_000_000;

interface Seen {
  types: Record<string, string>;
  metadata_incident_id: number;
  samples: number;
  min: number;
  classifications: string[];
  measurements: number;
}

describe('MongoDB: an incident as the existing analysis service writes it (pymongo, gridfs)', function () {
  this.timeout(400_000);
  const server = givenMongo();
  const given = givenDatabase(server);
  let python: string | undefined;

  before(async function () {
    python = await pythonWith('pymongo==4.15.5');
    if (python === undefined) this.skip();
  });

  it('the recorded sag of 2017: fields, types and samples', async function () {
    const recording = join(SHARED_DATA, 'opq-box/event_9354_1');
    if (!existsSync(recording)) {
      process.stderr.write(`    no recordings in ${SHARED_DATA}: left out\n`);
      return this.skip();
    }
    const bytes = readFileSync(recording);
    const samples = new Int16Array(bytes.length / 2).map((_, at) => bytes.readInt16LE(at * 2));
    const store = await given().open();
    await store.putBox({ box_id: '1', calibration_constant: 147.06, unplugged: false, location: 'oahu' });
    await store.insertEvent(newEvent(9354, T, { boxes_triggered: ['1'] }));
    const cycles = Math.floor(samples.length / 200);
    await store.putBoxEvent({ ...boxEvent(9354, '1', T, cycles), location: 'oahu' }, samples, T + 900);
    await store.insertMeasurements(
      columnsOf(
        Array.from({ length: 200 }, (_, i) => ({ box: 1, at: T + 50 * i, metrics: { rms: 120, f: 60 } })),
      ),
    );
    const pool = new AnalysisPool(1);
    const boxes = new KnownBoxes(store, { voltage: 120, frequency: 60 }, systemClock);
    try {
      const deps = { store, pool, boxes, ids: STORE_IDS, turns: new Turns() };
      const [result] = await analyseEvent(deps, 9354, ['1']);
      const sag = result?.incidents.find((one) => one.classifications.includes('VOLTAGE_SAG'));
      assert.ok(sag);
      // 102.2 V: 0.836 of the voltage before the sag, which was 122.2 V.
      const volts = 120 + sag.deviation_from_nominal;
      assert.ok(Math.abs(volts - 102.2) < 0.6, `${volts} V`);
      const { db, url } = given();
      const script = join(PACKAGE_ROOT, 'test/mauka/read_incident.py');
      const args = [script, url, db.databaseName, String(sag.incident_id)];
      const { stdout } = await promisify(execFile)(python ?? 'python3', args, { timeout: 180_000 });
      const seen = JSON.parse(stdout) as Seen;
      assert.deepEqual(seen.types, {
        ...{ incident_id: 'int', event_id: 'int', box_id: 'str', location: 'str', measurement_type: 'str' },
        ...{ start_timestamp_ms: 'Int64', end_timestamp_ms: 'Int64', deviation_from_nominal: 'float' },
        ...{ measurements: 'list', gridfs_filename: 'str', classifications: 'list', ieee_duration: 'str' },
        ...{ annotations: 'list', metadata: 'dict', expire_at: 'Int64' },
      });
      assert.equal(seen.metadata_incident_id, sag.incident_id);
      const length = (12_000 * (sag.end_timestamp_ms - sag.start_timestamp_ms + 2)) / 1000;
      assert.ok(Math.abs(seen.samples - length) < 30, `${seen.samples} samples, expected ${length}`);
      assert.equal(seen.measurements, sag.measurements.length);
      assert.ok(seen.measurements > 0);
    } finally {
      await pool.stop();
    }
  });
});
