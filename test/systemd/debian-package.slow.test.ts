/** The Debian package of the release under a real systemd, on a Debian 12 that has no Node: the commands of deploy/README.md from the installation to the purge. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { unitText } from '../../cli/install/units.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { VERSION } from '../../common/version.js';
import { release } from '../support/release.js';
import { until } from '../support/until.js';
import { approveByApi } from './approval.js';
import type { Container } from './container.js';
import { commandsBelow } from './documented.js';
import { assertFolders, SETTINGS, settingsAndKeys } from './folders.js';
import { higherVersion } from './higher-version.js';
import { boxWithSag, events } from './line.js';
import { bareContainer, skipWithoutContainers } from './setup.js';
import { assertActive, assertVersion, journal, show, states, UNITS } from './units.js';

const NEW = '999.0.0';
const NEW_DEB = 'opq-makai_999.0.0_all.deb';

describe('the units under systemd, installed from the Debian package', function () {
  this.timeout(600_000);
  let container: Container;
  let deb: string;
  let isBroken = false;

  before(async function () {
    this.timeout(1_800_000);
    await skipWithoutContainers(this, 'dpkg-deb');
    const made = await release();
    assert.ok(made.deb !== undefined, 'the release has no Debian package');
    deb = basename(made.deb);
    container = await bareContainer([made.deb, join(made.folder, 'SHA256SUMS')]);
    // Nobody is there who could answer apt's questions.
    writeFileSync(join(container.root, 'etc/apt/apt.conf.d/yes'), 'APT::Get::Assume-Yes "true";\n');
    await higherVersion(made.deb, NEW, join(container.root, 'root', NEW_DEB));
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

  /** Runs a command where the package's file is. */
  const type = (command: string): Promise<string> =>
    container.run('sh', '-ec', `cd /root; export DEBIAN_FRONTEND=noninteractive; ${command}`);

  it('is installed by apt, starts nothing by itself, and then all units run, never started a second time', async () => {
    for (const program of ['node', 'makai'])
      assert.notEqual((await container.attempt('sh', '-c', `command -v ${program}`)).code, 0, program);
    for (const command of commandsBelow('## With the Debian package', deb)) {
      const output = await type(command);
      if (command.startsWith('sha256sum')) assert.equal(output, `${deb}: OK\n`);
      if (command.startsWith('apt')) await assertNothingRuns();
      if (command === 'makai doctor') assert.match(output, /^nothing is wrong$/m);
    }
    await assertVersion(container, VERSION);
    await assertFolders(container);
    for (const unit of UNITS) {
      assert.equal(await container.run('systemctl', 'is-enabled', unit), 'enabled\n');
      const { FragmentPath, Documentation = '' } = await show(
        container,
        unit,
        'FragmentPath',
        'Documentation',
      );
      // systemd says /lib, which is a link to /usr/lib.
      assert.match(FragmentPath ?? '', new RegExp(`^(/usr)?/lib/systemd/system/${unit}.service$`));
      await container.run('test', '-s', Documentation.replace(/^file:/, ''));
    }
    assert.match(await container.run('makai', 'doctor'), /^nothing is wrong$/m);
    assert.equal(
      await container.run('dpkg', '--verify', 'opq-makai'),
      '',
      'files that differ from the package',
    );
    await assertActive(container);
  });

  async function assertNothingRuns(): Promise<void> {
    for (const unit of UNITS) {
      const { ActiveState, UnitFileState } = await show(container, unit, 'ActiveState', 'UnitFileState');
      assert.deepEqual([ActiveState, UnitFileState], ['inactive', 'disabled'], unit);
    }
  }

  it('stores the sag of a box', async () => {
    await boxWithSag(container, 'demo');
    assert.match(await container.run('makai', 'events', 'list'), /VOLTAGE_SAG/);
  });

  it('lets a box in whose key an admin approves on the page, without a restart', async () => {
    await approveByApi(container);
  });

  it('is upgraded while the units run and a box sends: they run the new version, with the same settings and keys', async () => {
    const file = join(container.root, SETTINGS);
    const config: { plugins: unknown[] } = JSON.parse(readFileSync(file, 'utf8'));
    config.plugins.push({ path: 'outage' });
    writeFileSync(file, JSON.stringify(config));
    const before = { kept: await settingsAndKeys(container), states: await states(container) };
    await boxWithSag(container, undefined, async () => {
      for (const command of commandsBelow('### Upgrading the Debian package', NEW_DEB)) {
        const output = await type(command);
        if (command === 'makai doctor') assert.match(output, /^nothing is wrong$/m);
      }
    });
    await assertVersion(container, NEW);
    for (const [unit, { pid }] of await states(container))
      assert.notEqual(pid, before.states.get(unit)?.pid, `${unit} was not started again`);
    assert.equal(await settingsAndKeys(container), before.kept);
    assert.match(await container.run('makai', 'status', '--all'), /\/outage\//);
    assert.equal(await container.run('dpkg', '--audit'), '');
  });

  it('is configured even where a daemon does not start with it, and says so', async () => {
    const file = join(container.root, SETTINGS);
    const settings = readFileSync(file, 'utf8');
    writeFileSync(file, '{"plugins": 7}');
    const { code, stderr } = await container.attempt('dpkg', '--install', `/root/${NEW_DEB}`);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /not all daemons came back: see makai doctor/);
    assert.equal(await container.run('dpkg', '--audit'), '');
    writeFileSync(file, settings);
    // systemd still starts the failing units again by itself: stopped first, none of that is counted after the reset.
    await container.run('systemctl', 'stop', ...UNITS);
    await container.run('systemctl', 'reset-failed');
    await container.run('systemctl', 'start', ...UNITS);
    await assertActive(container);
  });

  it('takes the place of an installation by npm, whose units come first and start another program', async () => {
    const local = join(container.root, 'etc/systemd/system');
    for (const unit of UNITS) {
      const packaged = readFileSync(join(container.root, `usr/lib/systemd/system/${unit}.service`), 'utf8');
      const old = unitText(`${unit}.service`, '/usr/bin/node', '/usr/lib/node_modules/opq-makai');
      assert.notEqual(old, packaged);
      writeFileSync(join(local, `${unit}.service`), old);
    }
    await container.run('systemctl', 'daemon-reload');
    await container.run('systemctl', 'reenable', ...UNITS);
    const { FragmentPath } = await show(container, UNITS[0] ?? '', 'FragmentPath');
    assert.match(FragmentPath ?? '', /^\/etc\/systemd/);
    await container.run('dpkg', '--install', `/root/${NEW_DEB}`);
    await assertVersion(container, NEW);
    assert.deepEqual(
      readdirSync(local).filter((name) => name.startsWith('makai-')),
      [],
    );
    for (const unit of UNITS) assert.equal(await container.run('systemctl', 'is-enabled', unit), 'enabled\n');
  });

  it('comes back after a reboot, with all that was stored', async () => {
    const stored = (await events(container)).length;
    assert.ok(stored > 1);
    await container.reboot();
    await until('all are active', async () =>
      [...(await states(container)).values()].every(({ state }) => state === 'active'),
    );
    await assertVersion(container, NEW);
    assert.equal((await events(container)).length, stored);
    await boxWithSag(container);
  });

  it('is removed, then purged, without a trace but settings, keys and store', async () => {
    const kept = await settingsAndKeys(container);
    const store = await container.run('find', '/var/lib/opq', '-name', '*.db', '-size', '+0');
    assert.notEqual(store, '');
    for (const command of commandsBelow('### Removing the Debian package', deb)) await type(command);
    await assertGone();
    for (const unit of UNITS) assert.match(await journal(container, unit), /Deactivated successfully/);
    assert.match(await type('apt purge opq-makai'), /\/etc\/opq .*\/var\/lib\/opq .*were kept/);
    assert.notEqual((await container.attempt('dpkg-query', '--show', 'opq-makai')).code, 0);
    await assertGone();
    await assertFolders(container);
    assert.equal(await settingsAndKeys(container), kept);
    assert.equal(await container.run('find', '/var/lib/opq', '-name', '*.db', '-size', '+0'), store);
    assert.equal(await container.run('id', '--name', '--user', 'opq'), 'opq\n');
  });

  async function assertGone(): Promise<void> {
    const left = await container.run('systemctl', 'list-units', '--all', '--no-legend', '--plain', 'makai-*');
    assert.equal(left, '');
    assert.equal(await container.run('systemctl', '--failed', '--no-legend'), '');
    const folders = ['/etc/systemd', '/usr', '/run'];
    assert.equal(await container.run('find', ...folders, '-xdev', '-name', '*makai*'), '');
  }

  it('has every unit in its scripts and in the documented steps', () => {
    for (const unit of UNITS) {
      for (const name of ['postinst', 'prerm']) {
        const text = readFileSync(join(PACKAGE_ROOT, 'scripts/release/debian', name), 'utf8');
        assert.ok(text.includes(`${unit}.service`), `${unit} is not in ${name}`);
      }
      const last = commandsBelow('## With the Debian package').at(-1);
      assert.ok(last?.includes(unit), `${unit} is not in the documented steps`);
    }
  });
});
