/**
 * A database that the existing set-up script prepared, with the daemons as processes and a box over CURVE: a plain index where we want a unique one, and doubles
 * where a unique index cannot be made. Both daemons start, keep doubles out by themselves, and `makai store check` says what to do.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Long } from 'mongodb';
import { diagnose } from '../../cli/doctor/index.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import type { Kind } from '../../config/kinds.js';
import { makai, RunningProgram } from '../cli/run-process.js';
import { DaemonProcess } from '../faults/daemon-process.js';
import { type FreshDatabase, freshDatabase } from '../store/mongo/fixture.js';
import { givenMongo } from '../support/mongo-server.js';
import { until } from '../support/until.js';

const DAEMONS = ['triggering-broker', 'acquisition-broker', 'triggering-service'] as const;
const BOX = '1001';
const LONG_AGO = Date.UTC(2020, 0, 1);

describe('a database of the existing set-up script, with the daemons as processes', function () {
  this.timeout(400_000);
  const server = givenMongo();
  let folder = '';
  let workspace: Workspace;
  let database: FreshDatabase | undefined;
  const daemons = new Map<Kind, DaemonProcess>();
  let box: RunningProgram | undefined;

  afterEach(async () => {
    box?.child.kill('SIGKILL');
    await box?.end();
    for (const daemon of [...daemons.values()].reverse()) await daemon.stop();
    daemons.clear();
    await database?.remove();
    database = undefined;
    if (folder !== '') rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  async function start(kind: Kind): Promise<void> {
    const logFile = join(workspace.logs, `${kind}.log`);
    const daemon = new DaemonProcess({ name: kind, args: [kind, workspace.configs[kind]], logFile });
    daemons.set(kind, daemon);
    await daemon.start();
  }

  it('plain trends {box_id, timestamp_ms} and doubles among events: both daemons work, and each trend is stored once', async () => {
    database = await freshDatabase(server().uri);
    const { db, url } = database;
    const trends = db.collection('trends');
    const plainIndex = await trends.createIndex({ box_id: 1, timestamp_ms: 1 });
    const old = {
      ...{ box_id: BOX, timestamp_ms: Long.fromNumber(LONG_AGO) },
      voltage: { min: 119, max: 121, average: 120 },
    };
    await trends.insertMany([{ ...old }, { ...old }]);
    const events = db.collection('events');
    const oldEvent = {
      event_id: 5,
      type: 'OTHER',
      target_event_start_timestamp_ms: Long.fromNumber(LONG_AGO),
    };
    await events.insertMany([{ ...oldEvent }, { ...oldEvent }]);

    folder = mkdtempSync(join(tmpdir(), 'makai-indexes-'));
    workspace = await prepareWorkspace(folder, [BOX], url);
    const file = workspace.configs['triggering-service'];
    const fields = JSON.parse(readFileSync(file, 'utf8')) as object;
    // No plugin asks for an event when the machine stands still for a while, and the box seems silent.
    const own = { mongo_trends_update_interval_seconds: 2, plugins: [] };
    writeFileSync(file, JSON.stringify({ ...fields, ...own }), { mode: 0o600 });
    for (const kind of DAEMONS) await start(kind);
    const { commands, measurements, replies } = workspace.endpoints;
    box = new RunningProgram('cli/main.js', [
      ...['box', '--first-id', BOX, '--keys', workspace.keyDirectory, '--source', 'quiet', '--json'],
      ...['--measurements', measurements, '--commands', commands, '--replies', replies],
    ]);

    const stored = { timestamp_ms: { $gt: Long.fromNumber(LONG_AGO) } };
    const untilTrends = (count: number): Promise<void> =>
      until(`${count} trends`, async () => (await trends.countDocuments(stored)) >= count);
    await untilTrends(2);
    // After each kill -9 the last two windows that have a trend are computed again.
    for (let round = 1; round <= 3; round += 1) {
      await daemons.get('triggering-service')?.kill();
      await start('triggering-service');
      await untilTrends(2 + 2 * round);
    }
    const doubles = await trends
      .aggregate([
        { $match: stored },
        { $group: { _id: { box_id: '$box_id', timestamp_ms: '$timestamp_ms' }, count: { $sum: 1 } } },
        { $match: { count: { $gt: 1 } } },
      ])
      .toArray();
    assert.deepEqual(doubles, []);

    const asked = await makai(['request', '--boxes', BOX, '--last', '1', '--wait', '120', '--dir', folder]);
    assert.equal(asked.code, 0, asked.stderr);
    assert.equal(await events.countDocuments({ event_id: 5 }), 2);
    assert.equal(await events.countDocuments({ event_id: { $gt: 5 } }), 1);

    const check = await makai(['store', 'check', '--store', url]);
    const named = `trends: the index "${plainIndex}" { box_id: 1, timestamp_ms: 1 }, not unique`;
    assert.ok(check.stdout.includes(named), check.stdout);
    assert.match(check.stdout, /Nothing has to be done:.*db\.trends\.dropIndex/);
    assert.match(check.stdout, /events: doubles: event_id 5/);

    const doctor = (await diagnose(folder)).filter(
      ({ area, verdict }) => area === 'store' && verdict !== 'ok',
    );
    assert.ok(
      doctor.some(({ message }) => message.includes(named)),
      JSON.stringify(doctor),
    );

    // Nothing of the database was dropped, and no daemon ended by itself.
    const index = (await trends.listIndexes().toArray()).find(({ name }) => name === plainIndex);
    assert.ok(index !== undefined && index.unique !== true);
    for (const daemon of daemons.values()) assert.equal(daemon.died, undefined);
  });
});
