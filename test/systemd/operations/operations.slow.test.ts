/** The procedures of docs/operations.md with their own commands, under a live systemd, with a box that sends. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { WITH_TOOLS } from '../../support/debian-root.js';
import { until } from '../../support/until.js';
import type { Container } from '../container.js';
import { operation } from '../documented.js';
import { settingsAndKeys } from '../folders.js';
import { boxWithSag, events } from '../line.js';
import { skipWithoutContainers } from '../setup.js';
import { assertActive, states, UNITS } from '../units.js';
import { type Installed, installed } from './installed.js';

const BACKUPS = 'var/backups/makai';
const GAP = 100_000;

describe('docs/operations.md, by its own commands', function () {
  this.timeout(900_000);
  let one: Installed;
  let container: Container;
  let isBroken = false;

  before(async function () {
    this.timeout(1_800_000);
    await skipWithoutContainers(this, 'dpkg-deb');
    one = await installed([], true, WITH_TOOLS);
    container = one.container;
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

  /** Runs the commands of a section. What doctor says must be good. */
  async function perform(heading: string, names: Parameters<typeof operation>[1] = {}): Promise<void> {
    for (const command of operation(heading, names)) {
      const output = await one.type(command);
      if (command === 'makai doctor') assert.match(output, /^nothing is wrong$/m);
    }
  }

  const ids = async (): Promise<number[]> => (await events(container)).map(({ event_id }) => event_id);
  const backups = (): string[] =>
    readdirSync(join(container.root, BACKUPS))
      .filter((name) => name.endsWith('.db'))
      .sort();

  it('The first box (docs/troubleshooting.md): heard, recorded, asked for its waveform', async () => {
    const page = readFileSync(join(PACKAGE_ROOT, 'docs/troubleshooting.md'), 'utf8');
    const add = /^ +(makai boxes add 1001 .*)$/m.exec(page)?.[1];
    const request = /`(makai request --boxes 1001 [^`]*)`/.exec(page)?.[1];
    assert.ok(add !== undefined && request !== undefined);
    await boxWithSag(container, 'demo', async () => {
      await until('it is heard', async () =>
        /^ *1001 .* yes +yes /m.test((await container.attempt('makai', 'boxes', 'status')).stdout),
      );
      await one.type(add);
      await one.type(request);
      const { code, stdout } = await container.attempt('makai', 'boxes', 'status');
      assert.equal(code, 0, stdout);
      // "Wrong port, wrong address": from the box's side.
      const reach =
        /^timeout 3 bash -c '(.*)'; echo \$\?$/m.exec(page)?.[1]?.replace('SERVER', '127.0.0.1') ?? '';
      assert.equal((await container.attempt('bash', '-c', reach)).code, 0, reach);
      assert.equal((await container.attempt('bash', '-c', reach.replace('9880', '9879'))).code, 1);
    });
  });

  it('Not registered (docs/troubleshooting.md): the refused key is listed, accepted, and the box is in', async () => {
    const before = await states(container);
    const place = { box: '1003', options: '--first-id 1003 --keys /root/foreign' };
    await one.type('makai keys new-box 1003 --dir /root/foreign');
    await one.type('cp /etc/opq/curve/public_keys/opqserver.key /root/foreign/public_keys');
    await boxWithSag(
      container,
      undefined,
      async () => {
        let key = '';
        await until('the key is pending', async () => {
          const [line = ''] = (await one.type('makai keys pending --json')).split('\n');
          key = line === '' ? '' : (JSON.parse(line) as { public_key: string }).public_key;
          return key !== '';
        });
        const status = (await container.attempt('makai', 'boxes', 'status')).stdout;
        assert.match(status, /keys were refused/);
        await container.run('makai', 'keys', 'accept', '--', key, '1003');
      },
      place,
    );
    await one.type('makai keys revoke 1003');
    assert.deepEqual(await states(container), before);
  });

  it('Backup, while a box sends: store, settings and keys, for root alone', async () => {
    const before = await states(container);
    await boxWithSag(container, undefined, () => perform('Backup'));
    assert.deepEqual(await states(container), before);
    const [name = ''] = backups();
    for (const file of [name, `${name}.settings.tar`])
      assert.equal(await container.run('stat', '--format=%A %U', `/${BACKUPS}/${file}`), '-rw------- root\n');
    const tar = await container.run('tar', '-tf', `/${BACKUPS}/${name}.settings.tar`);
    for (const file of ['makai.conf', 'opqserver_secret', 'opqbox1001']) assert.ok(tar.includes(file), file);
  });

  it('Restore: what was stored before the backup is there, and no event id comes twice', async () => {
    const before = await ids();
    const [backup = ''] = backups();
    await perform('Restore', { backup });
    await assertActive(container);
    const restored = await ids();
    assert.ok(restored.length > 0 && restored.length < before.length, `${restored} of ${before}`);
    assert.deepEqual(
      restored.filter((id) => !before.includes(id)),
      [],
    );
    await boxWithSag(container);
    const fresh = (await ids()).filter((id) => !restored.includes(id));
    assert.ok(Math.min(...fresh) > Math.max(...before) + GAP, `${fresh} after ${before}`);
  });

  it('Retention: VACUUM, with the daemons stopped', async () => {
    const page = readFileSync(join(PACKAGE_ROOT, 'docs/operations.md'), 'utf8');
    const vacuum = /`sudo (sqlite3 \S+ VACUUM)`/.exec(page)?.[1];
    assert.ok(vacuum !== undefined);
    const before = await ids();
    await one.type(`systemctl stop 'makai-*'`);
    await one.type(vacuum);
    await one.type(`systemctl start ${UNITS.join(' ')}`);
    await assertActive(container);
    assert.deepEqual(await ids(), before);
    await boxWithSag(container);
  });

  it('A replaced box: the new key and constant hold, the old key does not, and nothing is restarted', async () => {
    const before = await states(container);
    await one.type('cp -a /etc/opq/curve /root/old-curve');
    await perform('A replaced box');
    await boxWithSag(container);
    assert.match(await one.type('makai boxes show 1001'), /149\.7/);
    const stored = await ids();
    await one.type('makai box --keys /root/old-curve --for 15 --source demo');
    assert.deepEqual(await ids(), stored);
    assert.match(await one.type('makai keys pending'), /revoked/);
    assert.deepEqual(await states(container), before);
  });

  it('A stolen key: the new one holds in the running brokers within seconds', async () => {
    const before = await states(container);
    // The first block of the section is that of the server's key.
    await perform('A stolen key');
    await boxWithSag(container);
    assert.deepEqual(await states(container), before);
    assert.match(await one.type('makai status'), /^ok +acquisition-broker/m);
  });

  it('A lost server: the boxes come back to another machine with the backup', async () => {
    await perform('Backup');
    const kept = await settingsAndKeys(container);
    const stored = await ids();
    const backup = backups().at(-1) ?? '';
    const other = await installed([], false);
    try {
      cpSync(join(container.root, BACKUPS), join(other.container.root, BACKUPS), { recursive: true });
      for (const command of operation('A lost server', { backup, deb: other.deb })) {
        const output = await other.type(command);
        if (command === 'makai doctor') assert.match(output, /^nothing is wrong$/m);
      }
      await assertActive(other.container);
      assert.equal(await settingsAndKeys(other.container), kept);
      await boxWithSag(other.container);
      const there = (await events(other.container)).map(({ event_id }) => event_id);
      assert.deepEqual(
        stored.filter((id) => !there.includes(id)),
        [],
      );
      const fresh = there.filter((id) => !stored.includes(id));
      assert.ok(Math.min(...fresh) > Math.max(...stored) + GAP - 1, `${fresh} after ${stored}`);
    } finally {
      await other.container.remove();
    }
  });

  it('Moving the store: all that was stored is there, and the daemons may write to it', async () => {
    const before = await ids();
    await perform('Moving the store');
    await assertActive(container);
    const place = { config: '/etc/opq/makai.conf' };
    await boxWithSag(container, undefined, undefined, place);
    const after = (await events(container, place.config)).map(({ event_id }) => event_id);
    assert.deepEqual(
      before.filter((id) => !after.includes(id)),
      [],
    );
    assert.equal((await container.attempt('ls', '/var/lib/opq/makai.db')).code, 2);
  });
});
