/** `makai events export`, `measurements` and `trends` with --format: files, what --json says of them, and what does not go together. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecording } from '../../formats/index.js';
import type { Store } from '../../store/store.js';
import { boxEvent, columnsOf, counts, finding, newEvent } from '../store/contract/given.js';
import { openWritable, type Writable } from '../store/writable.js';
import { makai as runMakai } from './run-process.js';

describe('cli: export into files', function () {
  this.timeout(400_000);
  let directory: string;
  let out: string;
  let store: Writable<Store>;
  const t = 1_780_000_000_000;
  const makai = (...args: string[]) => runMakai([...args, '--dir', directory]);

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'makai-export-'));
    store = await openWritable(join(directory, 'makai.db'), {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
      now: () => t,
    });
    await store.putBox({ box_id: '1001', calibration_constant: 152.5, unplugged: false, location: 'lab' });
    for (const id of [1, 2, 3]) {
      await store.insertEvent({ ...newEvent(id, t + 1000 * id), ...(id === 3 ? { type: 'OTHER' } : {}) });
      await store.putBoxEvent(boxEvent(id, '1001', t + 1000 * id, 12), counts(2400), t + 20);
    }
    await store.insertMeasurements(
      columnsOf([0, 1, 2].map((i) => ({ box: 1001, at: t + 80 * i, metrics: { rms: 120 + i, f: 60 } }))),
    );
  });
  after(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => {
    out = join(directory, `out-${Math.random().toString(36).slice(2)}`);
  });

  const named = (stdout: string): string[] =>
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => {
        const { file, bytes } = JSON.parse(line) as { file: string; bytes: number };
        assert.equal(statSync(file).size, bytes);
        return file.slice(out.length + 1);
      });

  it('events by number, as COMTRADE: files that are read again; --json names them', async () => {
    const { code, stdout, stderr } = await makai(
      'events',
      'export',
      '1',
      '2',
      '--format',
      'comtrade',
      '--out',
      out,
      '--json',
    );
    assert.deepEqual([code, stderr], [0, '']);
    const files = named(stdout);
    assert.deepEqual(
      files.filter((file) => file.endsWith('.cfg')),
      ['event_1.cfg', 'event_2.cfg'],
    );
    assert.deepEqual([...files].sort(), readdirSync(out).sort());
    const [recording] = readRecording(join(out, 'event_2.cfg')).recordings;
    assert.equal(recording?.analog[0]?.samples.length, 2400);
  });

  it('COMTRADE of the revision that is asked for', async () => {
    const args = ['events', 'export', '1', '--format', 'comtrade', '--revision', '1999', '--out', out];
    const { code, stderr } = await makai(...args);
    assert.deepEqual([code, stderr], [0, '']);
    const [first] = readFileSync(join(out, 'event_1.cfg'), 'latin1').split('\r\n');
    assert.match(first ?? '', /,1999$/);
  });

  it('events of a range and a type, as Parquet and PQDIF', async () => {
    const parquet = await makai(
      'events',
      'export',
      '--type',
      'VOLTAGE_SAG',
      '--format',
      'parquet',
      '--out',
      out,
      '--json',
    );
    assert.deepEqual(named(parquet.stdout).sort(), ['events.parquet', 'waveforms.parquet']);
    const { recordings } = readRecording(join(out, 'waveforms.parquet'));
    assert.deepEqual(
      recordings.map(({ name }) => name),
      ['event 1 box 1001', 'event 2 box 1001'],
    );
    const pqdif = await makai(
      'events',
      'export',
      '--from',
      String(t + 2000),
      '--format',
      'pqdif',
      '--out',
      out,
      '--json',
    );
    assert.deepEqual(named(pqdif.stdout), ['event_2.pqd', 'event_3.pqd']);
  });

  it('a table for a person', async () => {
    const { stdout } = await makai('events', 'export', '--all', '--format', 'wav', '--out', out);
    assert.match(stdout, /^file +bytes\n.*event_1_1001\.wav +\d+\n/);
  });

  it('measurements and trends: files, or text to stdout', async () => {
    const { stdout } = await makai('measurements', '1001', '--format', 'pqdif', '--out', out, '--json');
    assert.deepEqual(named(stdout), ['measurements_1001.pqd']);
    const [recording] = readRecording(join(out, 'measurements_1001.pqd')).recordings;
    assert.deepEqual([...(recording?.series[0]?.values ?? [])], [120, 121, 122]);
    const csv = await makai('measurements', '1001', '--format', 'csv');
    assert.equal(csv.stdout.split('\n')[1], `1001,${t},120,60,,`);
    const trends = await makai('trends', '1001', '--format', 'ndjson');
    assert.deepEqual([trends.code, trends.stdout], [0, '']);
  });

  it('what does not go together', async () => {
    for (const args of [
      ['events', 'export', '1', '--format', 'comtrade'],
      ['events', 'export', '1', '--json'],
      ['events', 'export', '1', '--csv', '--format', 'wav', '--out', out],
      ['events', 'export', '1', '--type', 'OTHER'],
      ['events', 'export', '1', '--format', 'wav', '--revision', '1999', '--out', out],
      ['events', 'export', '1', '--format', 'mp3', '--out', out],
      ['measurements', '1001', '--format', 'wav', '--out', out],
      ['measurements', '1001', '--format', 'parquet'],
    ]) {
      const { code, stderr } = await makai(...args);
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
    }
  });

  it('incidents by id, by what they are, and all; csv goes to stdout', async () => {
    await store.putAnalysis(1, '1001', [finding(1, '1001', t + 1000)]);
    await store.putAnalysis(2, '1001', [
      finding(2, '1001', t + 2000, { classifications: ['VOLTAGE_SWELL'], location: 'hall' }),
      finding(2, '1001', t + 2500),
    ]);
    const ids = async (...args: string[]): Promise<string[]> => {
      const { code, stdout, stderr } = await makai('incidents', 'export', ...args);
      assert.equal(code, 0, stderr);
      const [header, ...rows] = stdout.trimEnd().split('\n');
      assert.match(header ?? '', /^incident_id,event_id,/);
      return rows.map((row) => row.split(',')[0] ?? '');
    };
    assert.deepEqual(await ids('--all'), ['1', '2', '3']);
    assert.deepEqual(await ids('3', '1'), ['3', '1']);
    assert.deepEqual(await ids('--class', 'voltage_sag'), ['1', '3']);
    assert.deepEqual(await ids('--location', 'hall'), ['2']);
    assert.deepEqual(await ids('--event', '2'), ['2', '3']);
    assert.deepEqual(await ids('--box', '1002'), []);
    assert.deepEqual(await ids('--from', String(t + 2000), '--to', String(t + 2500)), ['2']);
    const { stdout } = await makai(
      'incidents',
      'export',
      '--all',
      '--format',
      'parquet',
      '--out',
      out,
      '--json',
    );
    assert.deepEqual(named(stdout), ['incidents.parquet']);
    const [none, both] = [
      await makai('incidents', 'export'),
      await makai('incidents', 'export', '1', '--all'),
    ];
    assert.deepEqual([none.code, both.code], [2, 2]);
    const missing = await makai('incidents', 'export', '1', '9');
    assert.equal(missing.stdout, '');
    assert.match(missing.stderr, /there is no incident 9/);
  });
});
