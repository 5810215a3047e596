/** `makai series`: the values that plugins computed are listed and exported. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWritable } from '../store/writable.js';
import { makai as runMakai } from './run-process.js';

describe('cli: series', function () {
  this.timeout(400_000);
  let directory: string;
  const t = Date.UTC(2026, 4, 28, 12);
  const makai = (...args: string[]) => runMakai(['series', ...args, '--dir', directory]);

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'makai-series-'));
    const store = await openWritable(join(directory, 'makai.db'), {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
      now: () => t,
    });
    const value = (plugin: string, box_id: string, i: number) => ({
      ...{ plugin, series: 'rocof', box_id },
      ...{ timestamp_ms: t + 1000 * i, value: i / 3 - 1 },
    });
    await store.putSeries([0, 1, 2, 3].flatMap((i) => [value('drift', '1002', i), value('drift', '999', i)]));
    await store.putSeries([value('a, b', '1', 1), { ...value('drift', '999', 9), series: 'cusum' }]);
    await store.close();
  });
  after(() => rmSync(directory, { recursive: true }));

  it('list has a line for each series of each plugin and box', async () => {
    const { code, stdout } = await makai('list', '--json');
    assert.equal(code, 0);
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
      [
        { plugin: 'a, b', series: 'rocof', box_id: '1' },
        { plugin: 'drift', series: 'cusum', box_id: '999' },
        { plugin: 'drift', series: 'rocof', box_id: '999' },
        { plugin: 'drift', series: 'rocof', box_id: '1002' },
      ],
    );
    assert.match((await makai('list')).stdout, /^plugin +series +box\na, b +rocof +1\n/);
  });

  it('export gives CSV with every digit, by plugin, box and range', async () => {
    const all = await makai('export', 'rocof');
    assert.equal(all.code, 0);
    const lines = all.stdout.trimEnd().split('\n');
    assert.equal(lines.length, 10);
    assert.deepEqual(lines.slice(0, 3), [
      'plugin,series,box_id,timestamp_ms,value',
      `"a, b",rocof,1,${t + 1000},${1 / 3 - 1}`,
      `drift,rocof,999,${t},-1`,
    ]);
    const range = ['--from', String(t + 1000), '--to', new Date(t + 3000).toISOString()];
    const part = await makai('export', 'rocof', '--plugin', 'drift', '--box', '1002', ...range);
    assert.deepEqual(part.stdout.trimEnd().split('\n').slice(1), [
      `drift,rocof,1002,${t + 1000},${1 / 3 - 1}`,
      `drift,rocof,1002,${t + 2000},${2 / 3 - 1}`,
    ]);
  });

  it('export as NDJSON has the fields of the data model', async () => {
    const { stdout } = await makai('export', 'cusum', '--format', 'ndjson');
    const { expire_at: expireAt, ...value } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(value, {
      ...{ plugin: 'drift', series: 'cusum', box_id: '999' },
      ...{ timestamp_ms: t + 9000, value: 2 },
    });
    assert.equal(typeof expireAt, 'number');
  });

  it('a series that is not there, and values that are none, end with the right code', async () => {
    const missing = await makai('export', 'rocof', '--box', '7');
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /NOT_FOUND(.|\n)*makai series list/);
    assert.equal((await makai('export', 'rocof', '--from', 'soon')).code, 2);
    assert.equal((await makai('export', 'rocof', '--format', 'pqdif')).code, 2);
  });
});
