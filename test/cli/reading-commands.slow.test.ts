import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatPublicCertificate } from '../../keys/certificate.js';
import { newKeyPair } from '../../keys/key.js';
import type { EventDocument, MeasurementDocument, Store } from '../../store/store.js';
import { all, boxEvent, columnsOf, counts, newEvent } from '../store/contract/given.js';
import { openWritable, type Writable } from '../store/writable.js';
import { makai as runMakai } from './run-process.js';

describe('cli: events, measurements, trends, boxes', function () {
  // Processes start slowly on a machine that does much else.
  this.timeout(400_000);
  let directory: string;
  let store: Writable<Store>;
  const t = 1_780_000_000_000;
  const makai = (...args: string[]) => runMakai([...args, '--dir', directory]);
  const lines = <T>(text: string): T[] =>
    text
      .trimEnd()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as T);

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'makai-cli-'));
    store = await openWritable(join(directory, 'makai.db'), {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
      now: () => t,
    });
  });
  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });

  async function threeEvents(): Promise<void> {
    await store.putBox({ box_id: '1001', calibration_constant: 152.5, unplugged: false, location: 'lab' });
    for (const id of [1, 2, 3]) await store.insertEvent(newEvent(id, t + 1000 * id));
    await store.putBoxEvent(boxEvent(2, '1001', t, 2), counts(400), t + 20);
    await store.putBoxEvent(boxEvent(2, '7', t, 1), counts(199), t + 30);
  }

  it('events list --json gives every document as the store has it', async () => {
    await threeEvents();
    const { code, stdout } = await makai('events', 'list', '--json');
    assert.equal(code, 0);
    assert.deepEqual(lines<EventDocument>(stdout), await all(store.events()));
  });

  it('events list takes a range of time and a limit that keeps the newest, oldest first', async () => {
    await threeEvents();
    const ids = async (...args: string[]) =>
      lines<EventDocument>((await makai('events', 'list', '--json', ...args)).stdout).map(
        (event) => event.event_id,
      );
    assert.deepEqual(await ids('--limit', '2'), [2, 3]);
    assert.deepEqual(await ids('--from', String(t + 2000)), [2, 3]);
    assert.deepEqual(await ids('--from', '2026-05-28', '--to', new Date(t + 2000).toISOString()), [1]);
    assert.deepEqual(await ids('--to', new Date(t + 3000).toISOString().slice(0, -1)), [1, 2]);
  });

  it('events list and show are made for people too', async () => {
    await threeEvents();
    const list = await makai('events', 'list');
    assert.match(list.stdout, /event +start.*\n +1 .*VOLTAGE_SAG.* 0\/2 .*\n +2 .* 2\/2 /);
    const show = await makai('events', 'show', '2');
    assert.match(show.stdout, /event 2: VOLTAGE_SAG\n/);
    assert.match(show.stdout, /silent +1002\n/);
    assert.match(show.stdout, /\n1001 +unknown .* 2 +0\.033 +\d+\.\d\d +\d+\.\d\d\n/);
  });

  it('an event without waveforms does not look as if boxes had been silent', async () => {
    await store.insertEvent(newEvent(4, t, { request_data: false }));
    const list = await makai('events', 'list');
    assert.match(list.stdout, /\n +4 .*VOLTAGE_SAG +16\.4 +- /);
    const show = await makai('events', 'show', '4');
    assert.match(
      show.stdout,
      /about +1001, 1002\n +asked +no box: no waveform was asked for\n +replied +no box\n/,
    );
    assert.doesNotMatch(show.stdout, /silent/);
  });

  it('boxes that the budget refused are named with the reason, and are not silent', async () => {
    const boxes_refused = [{ reason: 'waveform_budget_of_box', boxes: ['1002'] }];
    await store.insertEvent(newEvent(5, t, { boxes_refused }));
    const list = await makai('events', 'list');
    assert.match(list.stdout, /\n +5 .*VOLTAGE_SAG +16\.4 +0\/1 /);
    const show = await makai('events', 'show', '5');
    assert.match(
      show.stdout,
      /asked +1001\n +refused +1002: its budget of waveforms for the day was used up \(limits\.waveform_mb_per_box\)\n +replied +no box\n +silent +1001\n/,
    );
  });

  it('events show --json is the event, then its box events', async () => {
    await threeEvents();
    const { stdout } = await makai('events', 'show', '2', '--json');
    assert.deepEqual(lines(stdout), [await store.event(2), ...(await store.boxEvents(2))]);
  });

  it('events export gives a row a sample, with volts by the calibration of each box', async () => {
    await threeEvents();
    const { code, stdout } = await makai('events', 'export', '2', '--csv');
    assert.equal(code, 0);
    const [header, ...rows] = stdout.trimEnd().split('\n');
    assert.equal(header, 'event_id,box_id,timestamp_ms,counts,volts');
    assert.equal(rows.length, 599);
    const cells = rows.map((row) => row.split(','));
    assert.deepEqual(
      [...new Set(cells.map((row) => row[1]))],
      ['7', '1001'],
      'by id, whichever replied first',
    );
    const of = (box: string) => cells.filter((row) => row[1] === box);
    assert.deepEqual(
      of('1001').map((row) => Number(row[3])),
      [...counts(400)],
    );
    assert.deepEqual(
      of('7').map((row) => Number(row[3])),
      [...counts(199)],
    );
    for (const [, box, time, count, volts] of cells) {
      const constant = box === '1001' ? 152.5 : 1;
      assert.ok(Math.abs(Number(volts) - Number(count) / constant) < 1e-6);
      assert.match(volts ?? '', /\.\d{4,}$/);
      assert.ok(Math.abs(Number(time) - t) < 40);
    }
    const one = await makai('events', 'export', '--all', '--box', '7');
    assert.equal(one.stdout.trimEnd().split('\n').length, 200);
  });

  it('what is not there, or not meant so, ends with the right code and says what to do', async () => {
    await threeEvents();
    const missing = await makai('events', 'export', '2', '9');
    assert.deepEqual([missing.code, missing.stdout], [3, '']);
    assert.match(missing.stderr, /NOT_FOUND.*event 9/);
    for (const args of [
      ['events', 'export'],
      ['events', 'export', '1', '--all'],
      ['events', 'show', 'x'],
      ['events', 'list', '--from', 'yesterday'],
      ['events', 'list', '--limit', '-1'],
      ['events', 'list', '--store', 'sqlite:x.db'],
    ]) {
      assert.equal((await makai(...args)).code, 2, args.join(' '));
    }
  });

  it('a store that is not there is not made', async () => {
    const file = join(directory, 'typo.db');
    const { code, stderr } = await runMakai(['events', 'list', '--store', `sqlite:${file}`]);
    assert.equal(code, 1);
    assert.match(stderr, /STORE_UNAVAILABLE.*no store at .*typo\.db/);
    assert.equal(existsSync(file), false);
  });

  it('measurements and trends --json give every document; without it, a table of the newest', async () => {
    const samples = Array.from({ length: 120 }, (_, i) => ({
      box: 1001,
      at: t + 166 * i,
      metrics: { f: 60, rms: 120 + i / 100 },
    }));
    await store.insertMeasurements(columnsOf([...samples, { box: 1001, at: t + 99_000, invalid: ['f'] }]));
    const trend = { min: 119, max: 121, average: 120.25 };
    await store.putTrends([{ box_id: '1001', timestamp_ms: t, location: 'lab', voltage: trend }]);
    const json = await makai('measurements', '1001', '--json');
    assert.deepEqual(lines<MeasurementDocument>(json.stdout), await all(store.measurements('1001')));
    const table = (await makai('measurements', '1001')).stdout.trimEnd().split('\n');
    assert.equal(table.length, 51);
    assert.match(table.at(-1) ?? '', /frequency$/);
    assert.equal((await makai('measurements', '5', '--json')).stdout, '');
    const trends = await makai('trends', '1001', '--json');
    assert.deepEqual(lines(trends.stdout), await all(store.trends('1001')));
    assert.match((await makai('trends', '1001')).stdout, /119\.00 120\.25 121\.00/);
  });

  it('boxes are added, changed, moved, shown and retired', async () => {
    const key = newKeyPair().publicKey;
    const certificate = join(directory, 'box.key');
    writeFileSync(certificate, formatPublicCertificate({ boxId: '7', publicKey: key }));
    const done = async (...args: string[]) => {
      const outcome = await makai('boxes', ...args);
      assert.deepEqual([outcome.code, outcome.stderr], [0, ''], args.join(' '));
      return outcome.stdout;
    };
    await done(
      'add',
      '7',
      '--name',
      'Roof',
      '--calibration',
      '152.5',
      '--location',
      'lab',
      '--certificate',
      certificate,
    );
    const added = await store.box('7');
    assert.ok((added?.location_start_time_ms ?? 0) > 0);
    assert.deepEqual(added, {
      box_id: '7',
      name: 'Roof',
      calibration_constant: 152.5,
      unplugged: false,
      location: 'lab',
      location_start_time_ms: added?.location_start_time_ms,
      location_archive: [],
      public_key: key,
    });
    await done('set', '7', '--location', 'cellar', '--description', 'second socket', '--unplugged');
    await done('set', '7', '--no-unplugged', '--name', '');
    const moved = await store.box('7');
    assert.deepEqual([moved?.location, moved?.unplugged, moved?.name], ['cellar', false, undefined]);
    assert.deepEqual(moved?.location_archive, [
      { location: 'lab', location_start_time_ms: added?.location_start_time_ms },
    ]);
    assert.deepEqual(JSON.parse(await done('show', '7', '--json')), moved);
    assert.match(await done('show', '7'), /calibration_constant +152\.5\n/);
    await done('add', '1001');
    assert.equal(lines(await done('list', '--json')).length, 2);
    assert.match(await done('list'), / 7 +cellar +152\.5 +yes +yes +second socket\n1001 +unknown +1 +yes\n/);
    await done('retire', '7');
    const retired = await store.box('7');
    assert.deepEqual(
      [retired?.public_key, retired?.unplugged, retired?.calibration_constant],
      [undefined, true, 152.5],
    );
    await done('retire', '7', '--remove');
    assert.equal(await store.box('7'), undefined);
  });

  it('a box that is there, or not, or badly described, is refused', async () => {
    await store.putBox({ box_id: '7', name: 'Roof', calibration_constant: 1, unplugged: false });
    const refused = async (expected: number, pattern: RegExp, ...args: string[]) => {
      const { code, stderr } = await makai('boxes', ...args);
      assert.equal(code, expected, args.join(' '));
      assert.match(stderr, pattern);
    };
    await refused(1, /BOX_EXISTS/, 'add', '7');
    await refused(1, /BOX_NAME_TAKEN/, 'add', '8', '--name', 'Roof');
    await refused(3, /NOT_FOUND/, 'set', '9', '--name', 'x');
    await refused(3, /NOT_FOUND/, 'retire', '9');
    await refused(1, /KEY_INVALID/, 'add', '9', '--public-key', 'short');
    await refused(1, /0 to 2147483647/, 'add', 'nine');
    await refused(2, /leading zeros/, 'add', '0009');
    await refused(2, /above zero/, 'add', '9', '--calibration', '0');
    assert.equal((await store.boxes()).length, 1);
  });

  it('nominal voltage and frequency of a box are set, kept, shown and removed', async () => {
    const done = async (...args: string[]) => {
      const outcome = await makai('boxes', ...args);
      assert.deepEqual([outcome.code, outcome.stderr], [0, ''], args.join(' '));
      return outcome.stdout;
    };
    const nominals = async () => {
      const box = await store.box('7');
      return [box?.nominal_voltage, box?.nominal_frequency];
    };
    await done('add', '7', '--nominal-voltage', '230', '--nominal-frequency', '50');
    assert.deepEqual(await nominals(), [230, 50]);
    await done('set', '7', '--name', 'Roof');
    assert.deepEqual(await nominals(), [230, 50]);
    assert.match(await done('list'), / 7 +Roof +unknown +1 +230 V 50 Hz +yes/);
    await done('set', '7', '--nominal-voltage', '400.5', '--nominal-frequency', '');
    assert.deepEqual(await nominals(), [400.5, undefined]);
    await done('set', '7', '--nominal-voltage', '');
    const box = await store.box('7');
    assert.ok(box !== undefined && !('nominal_voltage' in box) && !('nominal_frequency' in box));
    for (const [option, value] of [
      ['--nominal-voltage', '9'],
      ['--nominal-voltage', '-230'],
      ['--nominal-voltage', '230V'],
      ['--nominal-voltage', 'NaN'],
      ['--nominal-voltage', '1e7'],
      ['--nominal-frequency', '9'],
      ['--nominal-frequency', '1001'],
      ['--nominal-frequency', ' '],
    ] as const) {
      const { code, stderr } = await makai('boxes', 'set', '7', option, value);
      assert.deepEqual([code, stderr.includes(`${option}: expected a number from 10`)], [2, true], value);
    }
    assert.deepEqual(await store.box('7'), box);
  });
});
