/** The units under a real systemd, from the installation by npm to the end: the commands of deploy/README.md in a container with Debian 12. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/until.js';
import { approveByApi } from './approval.js';
import type { Container } from './container.js';
import { commandsBelow } from './documented.js';
import { assertFolders, SETTINGS } from './folders.js';
import { PACKAGE, unpackPackage } from './installation.js';
import { assertInstance, assertSeparate, removeInstance, startInstance } from './instance.js';
import { boxWithSag, events } from './line.js';
import { newContainer, skipWithoutContainers } from './setup.js';
import {
  assertActive,
  assertVersion,
  dropIn,
  entries,
  journal,
  restarted,
  show,
  states,
  UNITS,
} from './units.js';

const SERVICE = 'makai-triggering-service';

describe('the units under systemd, installed from the tarball', function () {
  this.timeout(600_000);
  let container: Container;
  let isBroken = false;

  before(async function () {
    await skipWithoutContainers(this);
    container = await newContainer();
  });
  after(async () => {
    await container?.remove();
  });
  // Each test goes on from where the one before it ended.
  beforeEach(function () {
    if (isBroken) this.skip();
  });
  afterEach(function () {
    isBroken ||= this.currentTest?.state === 'failed';
  });

  const inContainer = (path: string): string => join(container.root, path);

  it('are installed, and all of them run, never started a second time', async () => {
    const commands = commandsBelow('## With npm');
    for (const command of commands) {
      const output = await container.run('sh', '-ec', command);
      if (command === 'makai doctor') assert.match(output, /^nothing is wrong$/m);
    }
    for (const unit of UNITS)
      assert.ok(commands.at(-1)?.includes(unit), `${unit} is not in the documented steps`);
    await assertActive(container);
    await assertFolders(container);
    assert.equal(await container.run('id', '--name', '--user', 'opq'), 'opq\n');
    await sleep(10_000);
    await assertActive(container);
    for (const unit of UNITS) assert.equal(await container.run('systemctl', 'is-enabled', unit), 'enabled\n');
    assert.match(await container.run('makai', 'doctor'), /^nothing is wrong$/m);
  });

  it('have an exposure below 2.0, and as many threads as they may', async () => {
    for (const unit of UNITS) {
      const text = await container.run('systemd-analyze', 'security', '--no-pager', unit);
      const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(text)?.[1]);
      assert.ok(exposure < 2, `${unit}: exposure ${exposure}`);
      const { TasksMax, MainPID } = await show(container, unit, 'TasksMax', 'MainPID');
      const threads = Number(
        /^Threads:\s+(\d+)$/m.exec(await container.run('cat', `/proc/${MainPID}/status`))?.[1],
      );
      // The limit itself is not in force where the machine's control groups are of version 1. Half of it is left for children.
      assert.ok(threads > 0 && threads < Number(TasksMax) / 2, `${unit}: ${threads} threads of ${TasksMax}`);
      process.stdout.write(`      ${unit}: exposure ${exposure}, ${threads} threads of ${TasksMax}\n`);
    }
  });

  it('store the sag of a box', async () => {
    await boxWithSag(container, 'demo');
    assert.match(await container.run('makai', 'events', 'list'), /VOLTAGE_SAG/);
  });

  it('run beside those of an instance, with boxes and events of its own', async () => {
    await startInstance(container);
    await assertSeparate(container);
  });

  it('let a box in whose key an admin approves on the page, without a restart', async () => {
    await approveByApi(container);
  });

  it('log each line with the priority of its level, and turn debug logs on and off at SIGUSR2', async () => {
    const levels = new Map([
      [20, '7'],
      [30, '6'],
      [40, '4'],
      [50, '3'],
    ]);
    for (const level of ['debug', 'info']) {
      for (const unit of UNITS) {
        await container.run('systemctl', 'kill', '--kill-whom=main', '--signal=SIGUSR2', unit);
        await until(`${unit} logs from level ${level} on`, async () => {
          const lines = (await entries(container, unit)).filter(({ MESSAGE }) =>
            MESSAGE.includes('"log_level"'),
          );
          return lines.at(-1)?.MESSAGE.includes(`"${level}"`) === true;
        });
      }
      if (level === 'debug') await boxWithSag(container);
    }
    for (const unit of UNITS) {
      for (const { MESSAGE, PRIORITY } of await entries(container, unit)) {
        // The ready line has no level: it is on standard output, which is information.
        assert.equal(PRIORITY, levels.get(JSON.parse(MESSAGE).level ?? 30), `${unit}: ${MESSAGE}`);
      }
    }
  });

  it('take a reload as the same process, and one with a mistake changes nothing and is logged as an error', async () => {
    const before = await states(container);
    const settings = readFileSync(inContainer(SETTINGS), 'utf8');
    const config: { plugins: unknown[] } = JSON.parse(settings);
    config.plugins.push({ path: 'outage' });
    writeFileSync(inContainer(SETTINGS), JSON.stringify(config));
    for (const unit of UNITS) await container.run('systemctl', 'reload', unit);
    await until('the plugin is there', async () =>
      (await container.run('makai', 'status', '--all')).includes('/outage/'),
    );
    writeFileSync(inContainer(SETTINGS), '{"plugins": 7}');
    await container.run('systemctl', 'reload', SERVICE);
    await until('the mistake is in the journal', async () =>
      (await entries(container, SERVICE, '--priority=err')).some(({ MESSAGE }) =>
        MESSAGE.includes('plugins'),
      ),
    );
    writeFileSync(inContainer(SETTINGS), settings);
    await container.run('systemctl', 'reload', SERVICE);
    await until(
      'the plugin is gone',
      async () => !(await container.run('makai', 'status', '--all')).includes('/outage/'),
    );
    assert.deepEqual(await states(container), before);
  });

  it('say in the journal, as an error, why a start failed', async () => {
    await container.run('systemctl', 'stop', SERVICE);
    const settings = readFileSync(inContainer(SETTINGS), 'utf8');
    writeFileSync(inContainer(SETTINGS), '{"plugins": 7, "store": "sqlite:/var/lib/opq/makai.db"}');
    const { code } = await container.attempt('systemctl', 'start', SERVICE);
    assert.notEqual(code, 0);
    const errors = await entries(container, SERVICE, '--priority=err', '--boot');
    const lines = errors.map(({ MESSAGE }) => MESSAGE).join('\n');
    assert.match(lines, /CONFIG_INVALID[\s\S]*plugins/);
    assert.match(lines, /^hint: /m);
    writeFileSync(inContainer(SETTINGS), settings);
    await container.run('systemctl', 'restart', SERVICE);
    await assertActive(container);
  });

  it('that hang are started again by the watchdog', async () => {
    // WatchdogSec is 60 s as shipped; here 15 s, so that the test need not wait as long. The heartbeat comes three times in it.
    await dropIn(container, 'watchdog', '[Service]\nWatchdogSec=15\n');
    await container.run('systemctl', 'restart', ...UNITS);
    const before = await states(container);
    await container.run('systemctl', 'kill', '--kill-whom=main', '--signal=SIGSTOP', ...UNITS);
    await restarted(container, before);
    for (const unit of UNITS) assert.match(await journal(container, unit), /Watchdog timeout/);
    await dropIn(container, 'watchdog');
    await container.run('systemctl', 'restart', ...UNITS);
    await assertActive(container);
    for (const unit of UNITS) {
      assert.equal((await show(container, unit, 'WatchdogUSec')).WatchdogUSec, '1min');
    }
  });

  it('that are killed are started again, and store the next sag of the box that was there all the time', async () => {
    await boxWithSag(container, undefined, async () => {
      await sleep(2000);
      const before = await states(container);
      await container.run('systemctl', 'kill', '--kill-whom=main', '--signal=SIGKILL', ...UNITS);
      await restarted(container, before);
    });
  });

  it('stop with status 0', async () => {
    await container.run('systemctl', 'stop', ...UNITS);
    for (const unit of UNITS) {
      assert.deepEqual(
        await show(container, unit, 'ActiveState', 'Result', 'ExecMainCode', 'ExecMainStatus'),
        { ActiveState: 'inactive', Result: 'success', ExecMainCode: '1', ExecMainStatus: '0' },
        await journal(container, unit),
      );
    }
    await container.run('systemctl', 'start', ...UNITS);
    await assertActive(container);
  });

  it('go on while the package is replaced under them, and run the new one after the documented steps', async () => {
    const NEW = '0.0.0-next';
    const before = await states(container);
    // As npm does: the new folder is laid beside the old one, and takes its place.
    await unpackPackage(container.root, `${PACKAGE}.new`);
    const manifest = inContainer(`${PACKAGE}.new/package.json`);
    writeFileSync(
      manifest,
      readFileSync(manifest, 'utf8').replace(/"version": "[^"]+"/, `"version": "${NEW}"`),
    );
    await boxWithSag(container, undefined, async () => {
      await container.run(
        'sh',
        '-ec',
        `mv ${PACKAGE} ${PACKAGE}.old; mv ${PACKAGE}.new ${PACKAGE}; rm -r ${PACKAGE}.old`,
      );
    });
    assert.deepEqual(await states(container), before);
    const unit = `/etc/systemd/system/${SERVICE}.service`;
    const text = readFileSync(inContainer(unit), 'utf8');
    const edited = text
      .replace('MemoryHigh=1536M', 'MemoryHigh=1400M\nEnvironment=OWN=1\nEnvironment=OWN2=2')
      .replace('UMask=0077\n', 'UMask=0027\n')
      .replace('MemoryMax=2G\n', '');
    writeFileSync(inContainer(unit), edited);
    await container.run('systemctl', 'daemon-reload');
    const effect = (): Promise<Record<string, string>> =>
      show(
        container,
        SERVICE,
        'MemoryHigh',
        'MemoryMax',
        'Environment',
        'UMask',
        'SystemCallFilter',
        'LoadError',
      );
    const wanted = await effect();
    for (const command of commandsBelow('### Upgrading with npm')) await container.run('sh', '-ec', command);
    assert.equal(readFileSync(inContainer(unit), 'utf8'), text);
    assert.deepEqual(await effect(), wanted);
    assert.deepEqual([wanted.MemoryHigh, wanted.UMask], [String(1400 * 2 ** 20), '0027']);
    await assertActive(container);
    await assertVersion(container, NEW);
    await boxWithSag(container);
  });

  it('come back after a reboot, with all that was stored', async () => {
    const stored = (await events(container)).length;
    await container.reboot();
    await until('all are active', async () =>
      [...(await states(container)).values()].every(({ state }) => state === 'active'),
    );
    await assertActive(container);
    await assertFolders(container);
    assert.equal((await events(container)).length, stored);
    await boxWithSag(container);
  });

  it('are uninstalled without a trace but settings, keys and store, and what was edited', async () => {
    await assertInstance(container);
    await removeInstance(container);
    const commands = commandsBelow('### Uninstalling with npm');
    for (const command of commands) await container.run('sh', '-ec', command);
    assert.equal(commands.length, 2);
    const left = await container.run('systemctl', 'list-units', '--all', '--no-legend', '--plain', 'makai-*');
    assert.equal(left, '');
    const find = (...folders: string[]): Promise<string> =>
      container.run('find', ...folders, '-name', '*makai*');
    const names = await find('/etc/systemd', '/etc/tmpfiles.d', '/usr/lib/sysusers.d', '/usr/lib/tmpfiles.d');
    const unit = `/etc/systemd/system/${SERVICE}.service`;
    assert.deepEqual(names.trim().split('\n').sort(), [
      `${unit}.d`,
      `${unit}.d/00-makai-edits.conf`,
      `${unit}.edited`,
    ]);
    assert.equal(await container.run('systemctl', '--failed', '--no-legend'), '');
    await assertFolders(container);
    assert.ok((await events(container)).length > 0);
    await container.reboot();
    await container.run('makai', 'uninstall', '--purge', '--yes');
    await container.run('rm', '-r', PACKAGE);
    assert.equal(await find('/etc', '/var/lib', '/usr/lib'), '');
    assert.notEqual((await container.attempt('id', 'opq')).code, 0);
  });
});
