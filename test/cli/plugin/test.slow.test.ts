/** `makai plugin test` as a process: cases pass, differ, are written, and a plugin that breaks is no case as expected. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makai, RunningProgram } from '../run-process.js';

const START = Date.UTC(2026, 0, 1);
/** One box at 120 V, with a sag in the fifth second. */
const RECORDING = Array.from(
  { length: 20 },
  (_, i) => `7 ${START + 500 * i} ${i === 10 ? 90 : 120} 60\n`,
).join('');
const PLUGIN = `export default class {
  name = 'low';
  onLoad(settings, context) { this.limit = settings.limit ?? 100; this.context = context; }
  processMeasurement(m) {
    console.log('seen', m.boxId, this.context.boxes.get(7)?.location);
    if (this.limit === 0) throw new Error('no limit');
    if (!(m.rms.average < this.limit)) return;
    return [
      { kind: 'value', series: 'depth', boxId: m.boxId, timestampMs: m.timestampMs, value: 120 - m.rms.average },
      { startMs: m.timestampMs - 500, endMs: m.timestampMs, boxIds: [m.boxId], triggerType: 'VOLTAGE_SAG',
        percentMagnitude: 25, description: 'low', requestData: true },
    ];
  }
}`;

describe('cli: makai plugin test', function () {
  this.timeout(400_000);
  let folder: string;
  let plugin: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-plugin-test-'));
    plugin = join(folder, 'low.mjs');
    writeFileSync(plugin, PLUGIN);
    for (const [name, settings] of [
      ['deep', { limit: 80 }],
      ['sag', {}],
    ] as const) {
      mkdirSync(join(folder, 'cases', name), { recursive: true });
      writeFileSync(join(folder, 'cases', name, 'recording.txt'), RECORDING);
      writeFileSync(join(folder, 'cases', name, 'settings.json'), JSON.stringify(settings));
    }
    writeFileSync(join(folder, 'cases/sag/boxes.json'), '[{"box_id":"7","location":"lab"}]');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const test = (...args: string[]) => makai(['plugin', 'test', plugin, join(folder, 'cases'), ...args]);

  it('writes what is missing, passes, and names what differs after a change', async () => {
    const first = await test();
    assert.equal(first.code, 1);
    assert.match(
      first.stdout,
      /^deep: 1 difference\n {2}expected\.json is missing: `--update`(.|\n)*0 of 2 cases/,
    );
    const update = await test('--update');
    assert.deepEqual(
      [update.code, update.stdout],
      [
        0,
        'deep: expected.json written (0 results)\nsag: expected.json written (2 results)\n2 of 2 cases as expected\n',
      ],
    );
    const expected = readFileSync(join(folder, 'cases/sag/expected.json'), 'utf8');
    const again = await test();
    assert.deepEqual(
      [again.code, again.stdout, again.stderr],
      [0, 'deep: as expected (0 results)\nsag: as expected (2 results)\n2 of 2 cases as expected\n', ''],
    );

    writeFileSync(plugin, PLUGIN.replace('percentMagnitude: 25', 'percentMagnitude: 26'));
    const changed = await test();
    assert.equal(changed.code, 1);
    assert.match(
      changed.stdout,
      /^deep: as expected \(0 results\)\nsag: 1 difference\n {2}result 1, percentMagnitude: expected 25, found 26\n1 of 2 cases/,
    );
    assert.match(changed.stderr, /^sag: info: seen 7 lab$/m);
    assert.equal(readFileSync(join(folder, 'cases/sag/expected.json'), 'utf8'), expected);
  });

  it('a plugin that breaks is reported, and nothing is written', async () => {
    writeFileSync(join(folder, 'cases/deep/settings.json'), '{"limit":0}');
    const { code, stdout } = await test('--update', '--json');
    assert.equal(code, 1);
    const [deep, sag] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; problems: string[]; updated: boolean });
    assert.deepEqual([deep?.updated, sag?.updated], [false, true]);
    assert.match(deep?.problems.join() ?? '', /the plugin stopped: processMeasurement: no limit \(low\.mjs:/);
    assert.throws(() => readFileSync(join(folder, 'cases/deep/expected.json')), { code: 'ENOENT' });
  });

  it('--watch tests again after a change of a file that the plugin imports', async () => {
    writeFileSync(join(folder, 'level.mjs'), 'export const LEVEL = 25;\n');
    const text = PLUGIN.replace('percentMagnitude: 25', 'percentMagnitude: LEVEL');
    writeFileSync(plugin, `import { LEVEL } from './level.mjs';\n${text}`);
    assert.equal((await test('--update')).code, 0);
    const args = ['plugin', 'test', plugin, join(folder, 'cases'), '--watch'];
    const watching = new RunningProgram('cli/main.js', args);
    const until = async (pattern: RegExp): Promise<void> => {
      for (let line = ''; !pattern.test(line); ) {
        const next = await watching.line();
        if (next === undefined) throw new Error(`it ended: ${(await watching.end()).stderr}`);
        line = next;
      }
    };
    try {
      await until(/^2 of 2 cases as expected/);
      await watching.stderrMatches(/watching \d+ files/);
      writeFileSync(join(folder, 'level.mjs'), 'export const LEVEL = 260;\n');
      await until(/expected 25, found 260/);
      await until(/^1 of 2 cases as expected/);
      writeFileSync(join(folder, 'level.mjs'), 'export const LEVEL = ;\n');
      await until(/the plugin stopped/);
      writeFileSync(join(folder, 'level.mjs'), 'export const LEVEL = 25;\n');
      await until(/^2 of 2 cases as expected/);
    } finally {
      watching.child.kill('SIGKILL');
      await watching.end();
    }
  });

  it('refuses folders without a case, and plugins that are not there', async () => {
    const none = await makai(['plugin', 'test', plugin, folder]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /PLUGIN_CASE_INVALID.*no file recording/);
    const missing = await makai(['plugin', 'test', join(folder, 'no.mjs'), join(folder, 'cases')]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /PLUGIN_UNUSABLE/);
  });
});
