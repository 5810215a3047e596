import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_RECORDING } from '../../../cli/plugin/recording.js';
import { replay } from '../../../cli/plugin/replay.js';
import { DEFAULT_PLUGIN_LIMITS } from '../../../plugin-host/limits.js';
import { resolvePlugin } from '../../../plugin-host/resolve-plugin.js';
import { until } from '../../support/until.js';

const UNLOAD_MS = 4000;
const SOME_LOOKS_MS = 200;

describe('cli/plugin: a replay', function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'makai-replay-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('does not count for the plugin what the process stood still', async () => {
    const begun = join(folder, 'begun');
    const enough = join(folder, 'enough');
    const path = join(folder, 'waits.mjs');
    writeFileSync(
      path,
      `import { existsSync, writeFileSync } from 'node:fs';
export default {
  name: 'waits',
  version: '1',
  processMeasurement() {},
  onUnload() {
    writeFileSync(${JSON.stringify(begun)}, '');
    while (!existsSync(${JSON.stringify(enough)})) ;
  },
};
`,
    );
    const task = {
      ...{ file: resolvePlugin(path), settings: {}, memoryMb: 128, eventsPerHour: 300 },
      ...{ recording: '', options: DEFAULT_RECORDING, speed: false, loadOnly: true },
    };
    const nothing = (): void => undefined;
    const events = { loaded: nothing, log: nothing, requests: nothing, results: nothing };
    const result = replay(task, events, { ...DEFAULT_PLUGIN_LIMITS, unloadMs: UNLOAD_MS });
    await until('it unloads', async () => existsSync(begun));
    await sleep(SOME_LOOKS_MS);
    for (const endMs = performance.now() + UNLOAD_MS + 1000; performance.now() < endMs; );
    await sleep(SOME_LOOKS_MS);
    writeFileSync(enough, '');
    assert.equal((await result).kind, 'done');
  });
});
