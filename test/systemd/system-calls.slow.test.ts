/**
 * Which calls the units' SystemCallFilter= refuses to the running daemons. For this test a refused call fails with EUCLEAN, which nothing else
 * here returns, and strace, from outside of the container, sees it: a call that is missing in the filter is named.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/until.js';
import type { Container } from './container.js';
import { commandsBelow } from './documented.js';
import { boxWithSag } from './line.js';
import { newContainer, skipWithoutContainers } from './setup.js';
import { dropIn, states, UNITS } from './units.js';

/** strace makes the daemons several times slower, and a busy machine slower still. So they are started one after the other, too. */
const PATIENCE = 'TimeoutStartSec=280\nTimeoutStopSec=280\nWatchdogSec=280\n';

/** V8 asks for a memory protection key at its start, and does without where it gets none. */
const DONE_WITHOUT = ['pkey_alloc'];

describe("the units' system call filter", function () {
  this.timeout(1_800_000);
  const folder = mkdtempSync(join(tmpdir(), 'makai-calls-'));
  let container: Container;
  let runs = 0;

  before(async function () {
    await skipWithoutContainers(this, 'strace');
    container = await newContainer();
    const steps = commandsBelow('## With npm').filter((step) => !step.startsWith('systemctl enable'));
    for (const step of steps) await container.run('sh', '-ec', step);
  });
  after(async () => {
    await container?.remove();
    rmSync(folder, { recursive: true });
  });

  /** Names of the calls that the filter refused to any process of the container. */
  async function refusedDuring(what: () => Promise<void>): Promise<string[]> {
    runs += 1;
    const file = join(folder, `failed-${runs}`);
    const args = [
      '--follow-forks',
      `--attach=${container.leader}`,
      '--failed-only',
      '--signal=none',
      `--output=${file}`,
    ];
    const strace: ChildProcess = spawn('strace', ['--quiet=attach,exit', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await once(strace, 'spawn');
    await until('strace is attached', async () => {
      assert.equal(strace.exitCode, null, 'strace ended');
      return /^TracerPid:\s+[1-9]/m.test(readFileSync(`/proc/${container.leader}/status`, 'utf8'));
    });
    try {
      await what();
    } finally {
      const ended = once(strace, 'exit');
      strace.kill('SIGTERM');
      await ended;
    }
    const names = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes('= -1 EUCLEAN'))
      .map((line) => /^\d+\s+(?:<\.\.\. )?(\w+)/.exec(line)?.[1] ?? line);
    return [...new Set(names)].sort();
  }

  it('refuses no call that a daemon needs, from its start to its stop', async () => {
    await dropIn(container, 'calls', `[Service]\nSystemCallErrorNumber=EUCLEAN\n${PATIENCE}`);
    const refused = await refusedDuring(async () => {
      for (const unit of UNITS) await container.run('systemctl', 'start', unit);
      await boxWithSag(container);
      for (const unit of UNITS) await container.run('systemctl', 'reload', unit);
      await container.run('systemctl', 'stop', ...UNITS);
    });
    assert.deepEqual(
      refused.filter((name) => !DONE_WITHOUT.includes(name)),
      [],
    );
    assert.ok(refused.length > 0, 'nothing was refused at all: is the filter in force?');
  });

  it('names the call where the filter refuses one: with the filter of before, sched_setscheduler, and no daemon starts', async () => {
    await container.run('systemctl', 'stop', ...UNITS);
    await dropIn(
      container,
      'calls',
      `[Service]\nSystemCallErrorNumber=EUCLEAN\nSystemCallFilter=~@resources\nRestart=no\n${PATIENCE}`,
    );
    const refused = await refusedDuring(async () => {
      for (const unit of UNITS) await container.attempt('systemctl', 'start', unit);
    });
    assert.deepEqual(
      refused.filter((name) => !DONE_WITHOUT.includes(name)),
      ['sched_setscheduler'],
    );
    assert.deepEqual(
      [...(await states(container)).values()].map(({ state }) => state),
      UNITS.map(() => 'failed'),
    );
  });
});
