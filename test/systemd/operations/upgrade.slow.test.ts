/** Upgrade from the package of an earlier commit to the present one, and back, with boxes of both generations that send: what is missing afterwards. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { WITH_TOOLS } from '../../support/debian-root.js';
import { until } from '../../support/until.js';
import type { Container } from '../container.js';
import { operation } from '../documented.js';
import { higherVersion } from '../higher-version.js';
import { events } from '../line.js';
import { skipWithoutContainers } from '../setup.js';
import { show, UNITS } from '../units.js';
import { EARLIER, earlierDeb } from './earlier.js';
import { downTime, type Gap, gapsOf } from './gaps.js';
import { type Installed, installed } from './installed.js';

const NEW = '999.0.0';
const NEW_DEB = 'opq-makai_999.0.0_all.deb';
const BOXES = ['1001', '1002'];
const [BROKER, SERVICE] = ['makai-triggering-broker', 'makai-triggering-service'];
/** A Box 2 sends six measurements per second, a Box 3 one; what is on the way when a connection breaks is lost. */
const GAP_MS = 3000;
/** An hour of both boxes, however long the upgrade takes: a Box 3 alone keeps 50 s. */
const BUFFER_CYCLES = 216_000;

const seconds = ({ fromMs, toMs }: Gap): string => `${((toMs - fromMs) / 1000).toFixed(1)} s`;

describe('upgrade and rollback with boxes that send', function () {
  this.timeout(900_000);
  let one: Installed;
  let container: Container;
  let older = '';
  let box: Promise<unknown> | undefined;
  let isBroken = false;

  before(async function () {
    this.timeout(3_600_000);
    await skipWithoutContainers(this, 'dpkg-deb', 'git', 'npm');
    const deb = await earlierDeb();
    if (deb === undefined) {
      process.stderr.write(`    skipped: this is no clone of the repository with commit ${EARLIER}\n`);
      return this.skip();
    }
    older = basename(deb);
    // It takes the place of the present one's file where both have the same version.
    one = await installed([deb], false, WITH_TOOLS);
    container = one.container;
    await higherVersion(one.file, NEW, join(container.root, 'root', NEW_DEB));
    await container.run('sh', '-ec', `cd /root; apt install ./${older}`);
    for (const command of [
      'makai keys new-server',
      ...BOXES.map((id) => `makai keys new-box ${id}`),
      'chown -R opq:opq /etc/opq/curve/private_keys',
      // The boxes do not change with the server.
      'cp -a /usr/lib/opq-makai /root/box-makai',
      `systemctl enable --now ${(await units()).join(' ')}`,
    ])
      await one.type(command);
    box = container.attempt(
      'sh',
      '-c',
      `echo $$ >/run/box.pid; exec /root/box-makai/bin/node /root/box-makai/dist/cli/main.js box --count 2 --dialect mixed --buffer ${BUFFER_CYCLES} --source demo >/run/box.log 2>&1`,
    );
    await storedUntil('measurements of both boxes are stored');
    await until('an event is stored', async () => (await events(container)).length > 0, 200_000);
  });
  after(async () => {
    if (box !== undefined) await container.attempt('sh', '-c', 'kill -TERM $(cat /run/box.pid)');
    await box;
    await container?.remove();
  });
  beforeEach(function () {
    if (isBroken) this.skip();
  });
  afterEach(function () {
    isBroken ||= this.currentTest?.state === 'failed';
  });

  const now = async (): Promise<number> => Number(await container.run('date', '+%s%3N'));

  /** Units that the installed version has. */
  async function units(): Promise<string[]> {
    const names = (await container.run('ls', '/usr/lib/systemd/system')).split('\n');
    return UNITS.filter((unit) => names.includes(`${unit}.service`));
  }

  /** Waits for measurements of each box that are newer than now. */
  async function storedUntil(what: string): Promise<void> {
    const since = await now();
    for (const id of BOXES)
      await until(what, async () => (await gapsOf(container, id, since, GAP_MS)).count > 5, 200_000);
  }

  /**
   * What boxes measured from `fromMs` on is stored, though the daemons were down. Older times belong to another store, or to daemons that still ran.
   * @returns the time that the service was down
   */
  async function assertNothingMissing(fromMs: number, what: string): Promise<Gap> {
    const down = await downTime(container, SERVICE, fromMs);
    for (const id of BOXES) {
      const { count, gaps } = await gapsOf(container, id, fromMs, GAP_MS);
      const missing = gaps.map((gap) => `${seconds(gap)} from ${gap.fromMs}`).join(', ') || 'nothing';
      process.stdout.write(
        `      ${what}: box ${id}: ${count} measurements, missing ${missing}; the service was down ${seconds(down)}\n`,
      );
      if (gaps.length > 0)
        assert.fail(`box ${id}: the service was down from ${down.fromMs} to ${down.toMs}\n${await logs()}`);
    }
    return down;
  }

  /** What the box and the daemons said, for messages. */
  async function logs(): Promise<string> {
    const texts = [
      'cat /run/box.log',
      'journalctl --no-pager --lines=120 --output=short-unix --identifier="makai-t*"',
    ];
    for (const id of BOXES) texts.push(`makai boxes health ${id}`);
    return (await Promise.all(texts.map((text) => container.attempt('sh', '-c', text))))
      .map(({ stdout, stderr }) => `${stdout}${stderr}`)
      .join('\n');
  }

  async function assertRunning(version: string): Promise<void> {
    for (const unit of await units()) {
      const { ActiveState, NRestarts } = await show(container, unit, 'ActiveState', 'NRestarts');
      assert.deepEqual([unit, ActiveState, NRestarts], [unit, 'active', '0']);
    }
    assert.match(await container.run('dpkg-query', '--show', 'opq-makai'), new RegExp(`\\t${version}`));
  }

  it(`from ${EARLIER} to the present version: the restart's gap, and the waveforms of that time`, async () => {
    const before = (await events(container)).map(({ event_id }) => event_id);
    const sinceMs = await now();
    for (const command of operation('Upgrading Makai', { deb: NEW_DEB })) {
      // The earlier version has no such command.
      if (command.startsWith('makai store backup')) continue;
      const output = await one.type(command);
      if (command === 'makai doctor') assert.match(output, /^nothing is wrong$/m);
    }
    await one.type(`systemctl enable --now ${UNITS.join(' ')}`);
    await storedUntil('measurements are stored again');
    await assertRunning(NEW);
    const down = await assertNothingMissing(sinceMs, 'upgrade');
    const after = (await events(container)).map(({ event_id }) => event_id);
    assert.deepEqual(
      before.filter((id) => !after.includes(id)),
      [],
    );
    const [from, to] = [Math.round(down.fromMs), Math.round(Math.min(down.toMs, down.fromMs + 5000))];
    await one.type(`makai request --boxes ${BOXES.join(',')} --from ${from} --to ${to} --wait 60`);
  });

  it('and back, by the copy that the upgrade kept', async () => {
    const copy = readdirSync(join(container.root, 'var/lib/opq')).find((name) => /\.schema-\d+$/.test(name));
    assert.ok(copy !== undefined, 'the upgrade kept no copy');
    const highest = Math.max(...(await events(container)).map(({ event_id }) => event_id));
    const sinceMs = await now();
    for (const command of operation('Upgrading the schema, and going back', { older })) {
      const known = command.startsWith('systemctl start')
        ? `systemctl start ${(await units()).join(' ')}`
        : command;
      await one.type(known.replace(/makai\.db\.schema-\d+/, copy));
    }
    await storedUntil('measurements are stored by the older version');
    await assertRunning('0.');
    // What was measured before that is in the newer version's store, which was replaced.
    const stopped = await downTime(container, BROKER, sinceMs);
    await assertNothingMissing(stopped.fromMs, 'rollback');
    await until(
      'an event is stored, with an id that no other had',
      async () => (await events(container)).some(({ event_id }) => event_id > highest),
      200_000,
    );
  });
});
