/** Plugins that cannot be used: config check, status, doctor and up name each, with the reason, and end with 1. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble, pluginText } from '../plugin-host/wat.js';
import { until } from '../support/until.js';
import { makai, RunningProgram } from './run-process.js';

interface Line {
  kind: string;
  plugin?: string;
  state?: string;
  last_error?: string;
  file?: string;
  pids?: Record<string, number>;
}

describe('cli: refused plugins', function () {
  this.timeout(400_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-refused-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

  function written(name: string, content: string | Uint8Array): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** Files that no daemon can use, and why. */
  function unusable(): { path: string; reason: RegExp }[] {
    return [
      { path: join(folder, 'nowhere.mjs'), reason: /nowhere\.mjs/ },
      { path: written('syntax.mjs', 'export default {'), reason: /cannot be loaded.*syntax\.mjs:1/ },
      {
        path: written(
          'strict.mjs',
          "export default { name: 'strict', onTick() {}, onLoad() { throw new Error('limit: must be more'); } };",
        ),
        reason: /limit: must be more/,
      },
      {
        path: written('idle.mjs', "export default { name: 'idle', process_batch() {} };"),
        reason: /handles nothing/,
      },
      { path: written('typed.ts', 'export default 1'), reason: /build it/ },
      {
        path: written('old.wasm', assemble(pluginText({ version: '(i32.const 1)' }))),
        reason: /version 1 of the ABI/,
      },
      {
        path: written('refuses.wasm', assemble(pluginText({ configure: '(i32.const 7)' }))),
        reason: /returned error 7/,
      },
    ];
  }

  const good = (name: string) =>
    written(name, "export default { name: 'good', processBatch() {}, onTick() {} };");

  it('config check names each with its place, and none that is good', async () => {
    const wrong = unusable();
    const plugins = [{ path: good('good.mjs') }, ...wrong.map(({ path }) => ({ path }))];
    const file = written('makai.conf', JSON.stringify({ plugins }));
    const { code, stdout } = await makai(['config', 'check', file]);
    assert.equal(code, 1);
    const lines = stdout.split('\n');
    for (const [i, { path, reason }] of wrong.entries()) {
      const line = lines.find((one) => one.startsWith(`error: plugins[${i + 1}]`)) ?? '';
      assert.match(line, reason, path);
      assert.match(line, /\(the daemon starts without this plugin\)$/);
    }
    assert.match(stdout, new RegExp(`: ${wrong.length} errors \\(`));
    assert.doesNotMatch(stdout, /plugins\[0\]/);
    written('makai.conf', JSON.stringify({ plugins: [{ path: join(folder, 'good.mjs') }] }));
    assert.equal((await makai(['config', 'check', file])).code, 0);
  });

  it('up says it, status and doctor name all, a corrected file is loaded, and the exit code is 1', async () => {
    const grid = join(folder, 'grid');
    const up = new RunningProgram('cli/main.js', ['up', '--json', '--boxes', '1', '--dir', grid]);
    try {
      const next = async (fits: (line: Line) => boolean): Promise<Line> => {
        for (;;) {
          const text = await up.line();
          if (text === undefined) throw new Error(`makai up ended: ${(await up.end()).stderr}`);
          const line = JSON.parse(text) as Line;
          if (fits(line)) return line;
        }
      };
      const { pids } = await next(({ kind }) => kind === 'started');
      const service = pids?.['triggering-service'] ?? 0;
      assert.ok(service > 0);
      const inOrder = await makai(['status', '--dir', grid]);
      assert.equal(inOrder.code, 0, inOrder.stdout);

      const wrong = unusable();
      const conf = join(grid, 'makai.conf');
      const settings = JSON.parse(readFileSync(conf, 'utf8')) as { plugins: object[] };
      const paths = [good('good.mjs'), ...wrong.map(({ path }) => path)];
      settings.plugins.push(...paths.map((path) => ({ path })));
      writeFileSync(conf, JSON.stringify(settings));
      process.kill(service, 'SIGHUP');

      const refused = new Map<string, string>();
      while (refused.size < wrong.length) {
        const line = await next(({ kind, state }) => kind === 'plugin' && state === 'refused');
        refused.set(line.file ?? '', line.last_error ?? '');
      }
      for (const { path, reason } of wrong) assert.match(refused.get(path) ?? '', reason, path);

      const status = await makai(['status', '--dir', grid]);
      assert.equal(status.code, 1);
      assert.equal(status.stdout.match(/: refused: /g)?.length, wrong.length, status.stdout);
      await until('the good one runs', async () => {
        const whole = await makai(['status', '--all', '--dir', grid]);
        return / good .* running/.test(whole.stdout);
      });
      const doctor = await makai(['doctor', '--dir', grid]);
      assert.equal(doctor.code, 1);
      for (const { path, reason } of wrong) assert.match(doctor.stdout, reason, path);

      const corrected = good('syntax.mjs');
      await next(({ kind, state, file }) => kind === 'plugin' && state === 'running' && file === corrected);
      up.child.kill('SIGINT');
      const { code, stderr } = await up.end();
      assert.equal(code, 1);
      assert.equal(stderr.match(/^error: plugin /gm)?.length, wrong.length - 1, stderr);
    } finally {
      if (up.child.exitCode === null && up.child.signalCode === null) {
        up.child.kill('SIGKILL');
        await once(up.child, 'exit');
      }
    }
  });
});
