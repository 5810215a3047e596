/** The examples of docs/api.md, as they stand there, against `makai up`. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { until } from '../support/until.js';
import { upForWeb, type WebUp } from './up.js';

const run = promisify(execFile);

function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** What each example prints. */
const PRINTS: Readonly<Record<string, RegExp>> = {
  boxes: /^1001\tsimulated box 1001\t1[12]\d/m,
  incidents: /^\d+\t\d+\t100\d\t0\.[78]\d*\t0\.\d+$/m,
  comtrade: /event_1\.cfg/,
  'waveform.py': /^box 100\d: \d{4,} samples from \d+\.\d{3}, -1\d\d\.\d to 1\d\d\.\d V$/m,
  'follow.py': /^event \d+ complete: True\nlive: \{"items":\[\{"box_id"/m,
};

describe('docs/api.md', function () {
  this.timeout(400_000);
  let up: WebUp;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-api-docs-'));
    up = await upForWeb(folder);
    const areThere = async (): Promise<boolean> => {
      const response = await fetch(`${up.page}api/v1/incidents?class=VOLTAGE_SAG`);
      return ((await response.json()) as { items: unknown[] }).items.length > 0;
    };
    // The sag of the demo comes after 12 s. A busy machine may miss it; the next one comes after two minutes.
    await until('the first incidents', areThere, 300_000);
  });

  after(async () => {
    await up?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('has five examples, and each prints what it says', async () => {
    const text = await readFile(join(PACKAGE_ROOT, 'docs/api.md'), 'utf8');
    const examples = [...text.matchAll(/<!-- run: (\S+) -->\n```\w+\n([\s\S]*?)```/g)];
    assert.deepEqual(
      examples.map(([, name]) => name),
      Object.keys(PRINTS),
    );
    const missing = ['curl', 'jq', 'unzip', 'python3'].filter(
      (program) => !has(program) && program !== 'unzip',
    );
    for (const [, name = '', code = ''] of examples) {
      const needs = name.endsWith('.py') ? 'python3' : /\bjq\b/.test(code) ? 'jq' : 'curl';
      if (missing.includes(needs)) {
        process.stderr.write(`    no ${needs}: the example ${name} is left out\n`);
        continue;
      }
      if (/\bunzip\b/.test(code) && !hasUnzip()) {
        process.stderr.write(`    no unzip: the example ${name} is left out\n`);
        continue;
      }
      const file = join(folder, name);
      await writeFile(file, code);
      const env = { ...process.env, MAKAI: up.page.replace(/\/$/, '') };
      const { stdout } = await run(name.endsWith('.py') ? 'python3' : 'sh', [file], { cwd: folder, env });
      assert.match(stdout, PRINTS[name] ?? /^$/, name);
    }
  });
});

function hasUnzip(): boolean {
  try {
    execFileSync('unzip', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
