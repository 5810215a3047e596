/** The event of the whole line, exported by the command in every format, and read by programs that share no code with ours: both minima are found. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { EXPORT_FORMATS, type ExportFormat } from '../../../formats/export/index.js';
import { makai } from '../../cli/run-process.js';
import { generated, givenLine, recorded, untilSag } from '../../integration/line.js';
import { pythonWith } from '../../support/python.js';

const run = promisify(execFile);

describe('the event of the whole line in every format, by other readers', function () {
  this.timeout(600_000);
  const test = recorded.available ? recorded : generated;
  const line = givenLine(test);
  let ofComtrade: string | undefined;
  let others: string | undefined;

  before(async function () {
    ofComtrade = await pythonWith('comtrade==0.2.0');
    others = await pythonWith('pyarrow==26.0.1', 'duckdb==2.0.1');
    if (ofComtrade === undefined || others === undefined) return this.skip();
    const { store } = line();
    for (const id of ['1', '4']) await untilSag(store, id);
  });

  async function lowestIn(format: ExportFormat): Promise<Record<string, number>> {
    const { store, workspace } = line();
    const out = join(workspace.directory, `export-${format}`);
    const args = [
      'events',
      'export',
      '--all',
      '--format',
      format,
      '--out',
      out,
      '--store',
      workspace.storeUrl,
    ];
    const { code, stderr } = await makai(args);
    assert.deepEqual([code, stderr], [0, '']);
    const constants = Object.fromEntries(
      (await store.boxes()).map((box) => [box.box_id, box.calibration_constant]),
    );
    const python = (format === 'comtrade' ? ofComtrade : others) ?? '';
    const script = join(PACKAGE_ROOT, 'test/formats/export/lowest_rms.py');
    const { stdout } = await run(python, [script, format, out, JSON.stringify(constants)], {
      timeout: 300_000,
    });
    return JSON.parse(stdout) as Record<string, number>;
  }

  for (const format of EXPORT_FORMATS) {
    it(`${format}: both minima`, async () => {
      const lowest = await lowestIn(format);
      for (const id of [1, 4] as const) {
        const off = Math.abs((lowest[id] ?? Number.NaN) / test.minimum[id] - 1);
        assert.ok(off < 0.005, `box ${id}: ${lowest[id]} V, expected ${test.minimum[id]} V`);
      }
    });
  }
});
