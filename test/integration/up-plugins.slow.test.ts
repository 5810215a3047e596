/** Four plugins of authors (test/plugins/authors) in `makai up`: what they find, compute and keep is in the store, and they go on with it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../store/open.js';
import type { PluginState, Store } from '../../store/store.js';
import { RunningProgram } from '../cli/run-process.js';
import { AUTHORS, type Author, BUILDS, buildAuthor, missingFor } from '../plugins/authors/build.js';

/** Each minute: the frequency falls by 1 Hz/s, and box 1001 has a sag of ten seconds. */
const SCENARIO = {
  name: 'authors',
  duration_s: 60,
  events: [
    { type: 'frequency_ramp', at_s: 8, to_hz: 58, ramp_s: 2, hold_s: 2 },
    { type: 'sag', at_s: 20, duration_s: 10, to_pu: 0.85, edge_s: 0.02, boxes: [1] },
  ],
};

const SETTINGS: Record<Author, Record<string, unknown>> = {
  histogram: { interval_s: 10, max_spread_v: 3 },
  unbalance: { limit_percent: 1, seconds: 2 },
  rocof: { limit_hz_per_s: 0.4, window_ms: 1000 },
  // the box has 120 V: a lasting shift
  cusum: { slack_v: 1, limit_v: 15, targets: [{ box_id: 1002, volts: 117 }] },
};
const CLASS: Record<Author, string> = {
  histogram: 'wide',
  unbalance: 'unbalance',
  rocof: 'rocof',
  cusum: 'shift',
};

describe('plugins of authors in `makai up`', function () {
  this.timeout(600_000);
  const builds = mkdtempSync(join(BUILDS, 'up-plugins-'));
  const directory = mkdtempSync(join(tmpdir(), 'makai-up-plugins-'));
  let up: RunningProgram | undefined;
  let servicePid = 0;
  let names: readonly Author[] = [];
  let isOver = false;
  after(() => {
    isOver = true;
    up?.child.kill('SIGKILL');
    for (const folder of [builds, directory]) rmSync(folder, { recursive: true, maxRetries: 5 });
  });

  const start = async (): Promise<RunningProgram> => {
    const scenario = join(directory, 'scenario.json');
    writeFileSync(scenario, JSON.stringify(SCENARIO));
    up = new RunningProgram('cli/main.js', ['up', '--json', '--dir', directory, '--scenario', scenario]);
    for (let line = await up.line(); line !== undefined; line = await up.line()) {
      const { kind, pids } = JSON.parse(line) as { kind: string; pids?: Record<string, number> };
      if (kind !== 'started') continue;
      servicePid = pids?.['triggering-service'] ?? 0;
      return up;
    }
    throw new Error('makai up ended');
  };
  const stop = async (): Promise<void> => {
    const closed = up && once(up.child, 'close');
    up?.child.kill('SIGINT');
    const [code] = (await closed) ?? [undefined];
    assert.equal(code, 0);
  };

  const withStore = async <T>(use: (store: Store) => Promise<T>): Promise<T> => {
    const store = await openStore(`sqlite:${join(directory, 'makai.db')}`, {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
    });
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  };

  /** Asks again and again until it is so, or until the test is over. */
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    while (!isOver && !(await isSo())) await sleep(1000);
  };

  /** What of each plugin is in the store: classes of its incidents, series with a box each, its state. */
  const stored = (name: Author) =>
    withStore(async (store) => {
      const classes = new Set<unknown>();
      for await (const { source, metadata } of store.incidents({}))
        if (source === `plugin ${name}`) classes.add(metadata?.class);
      const boxes = new Set<string>();
      for (const one of await store.seriesNames())
        if (one.plugin === name) for await (const { box_id } of store.series(one)) boxes.add(box_id);
      return { classes: [...classes], boxes: [...boxes].sort(), state: await store.pluginState(name) };
    });

  const textOf = (state: PluginState | undefined): string =>
    state?.format === 'bytes' ? Buffer.from(state.body, 'base64').toString() : (state?.body ?? '');

  /** What a plugin logged of what it goes on with. */
  const logged = (name: Author): string[] =>
    readFileSync(join(directory, 'log/triggering-service.log'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { plugin?: string; msg?: string })
      .filter(({ plugin }) => plugin === name)
      .flatMap(({ msg = '' }) => (msg.startsWith('goes on with ') ? [msg] : []));

  it('a finding, a series and a state of each are in the store', async () => {
    names = AUTHORS.filter((name) => {
      const lacks = missingFor(name);
      if (lacks !== undefined) process.stderr.write(`skipped: ${name}, because ${lacks} is not installed\n`);
      return lacks === undefined;
    });
    const entries = names.map((name) => ({ path: buildAuthor(name, builds), ...SETTINGS[name] }));
    await start();
    const file = join(directory, 'makai.conf');
    const config = JSON.parse(readFileSync(file, 'utf8')) as { plugins: unknown[] };
    config.plugins.push(...entries);
    writeFileSync(file, JSON.stringify(config));
    process.kill(servicePid, 'SIGHUP');
    for (const name of names)
      await until(async () => {
        const { classes, boxes, state } = await stored(name);
        return classes.includes(CLASS[name]) && boxes.length === 2 && state !== undefined;
      });
    await stop();
  });

  it('after a restart each goes on with what it kept', async () => {
    const kept = new Map<Author, string>();
    for (const name of names) kept.set(name, textOf((await stored(name)).state));
    await start();
    for (const name of names) {
      let said: string[] = [];
      await until(() => {
        said = logged(name);
        return said.length > 0;
      });
      assert.deepEqual(said, [`goes on with ${kept.get(name)}`], name);
    }
    await stop();
  });
});
