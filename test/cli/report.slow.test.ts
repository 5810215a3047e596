import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boxesOnly, fillWeek } from '../reports/given.js';
import { makai } from './run-process.js';

describe('cli: report', function () {
  this.timeout(400_000);
  let directory: string;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'makai-report-test-'));
    const store = await boxesOnly(join(directory, 'makai.db'));
    await fillWeek(store);
    await store.close();
  });
  after(() => rmSync(directory, { recursive: true }));
  const report = (...more: string[]) =>
    makai(['report', '--dir', directory, '--from', '2026-11-16', '--to', '2026-11-23', ...more]);

  it('prints a summary; writes HTML; JSON has every value', async () => {
    const summary = await report();
    assert.equal(summary.code, 0, summary.stderr);
    assert.match(summary.stdout, /^EN 50160 was not kept at 1 box of 3 \(1006\)\. /);
    assert.match(summary.stdout, /EN 50160 voltage: not kept: 95 %/);
    const file = join(directory, 'report.html');
    assert.equal((await report('--html', file)).code, 0);
    assert.match(readFileSync(file, 'utf8'), /^<!doctype html>/);
    const { boxes } = JSON.parse((await report('--json')).stdout) as { boxes: { windows: unknown[] }[] };
    assert.deepEqual(
      boxes.map(({ windows }) => windows.length),
      [948, 1008, 1008],
    );
  });

  it('mistakes are named: both of box and location, a span that ends before it begins, a box that is not there', async () => {
    assert.equal((await report('--box', '1006', '--location', 'lab-2')).code, 2);
    assert.equal(
      (await makai(['report', '--dir', directory, '--from', '2026-11-16', '--to', '2026-11-15'])).code,
      2,
    );
    const { code, stderr } = await report('--box', '4711');
    assert.equal(code, 3);
    assert.match(stderr, /NOT_FOUND.*4711/);
  });

  it('without a browser --pdf says what is missing and what to do', async () => {
    const { code, stderr } = await report(
      '--pdf',
      join(directory, 'x.pdf'),
      '--chromium',
      join(directory, 'none'),
    );
    assert.equal(code, 1);
    assert.match(stderr, /CHROMIUM_MISSING[\s\S]*apt install chromium/);
  });

  it('prints a PDF where a browser is on the PATH', async function () {
    const file = join(directory, 'report.pdf');
    const { code, stderr } = await report('--pdf', file);
    if (/CHROMIUM_MISSING/.test(stderr)) {
      process.stderr.write('      skipped: no Chromium on the PATH\n');
      this.skip();
    }
    assert.equal(code, 0, stderr);
    const bytes = readFileSync(file);
    assert.equal(bytes.subarray(0, 5).toString(), '%PDF-');
    assert.ok(bytes.length > 50_000);
  });
});
