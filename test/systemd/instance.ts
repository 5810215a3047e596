/** An instance beside the installation: the commands of deploy/README.md, and a box that only it hears. */
import assert from 'node:assert/strict';
import { until } from '../support/until.js';
import type { Container } from './container.js';
import { commandsBelow } from './documented.js';
import { BOX, boxWithSag, events, type Place } from './line.js';
import { assertActive, journal, show, UNITS } from './units.js';

const CONFIG = '/etc/makai/lab';
const LAB: Place = {
  box: '2001',
  options: `--first-id 2001 --keys ${CONFIG}/curve --measurements tcp://127.0.0.1:10880 --commands tcp://127.0.0.1:9194 --replies tcp://127.0.0.1:9196`,
  config: `${CONFIG}/makai.conf`,
};
const LAB_UNITS = UNITS.map((unit) => `${unit}@lab`);

/** Makes the instance, which must start as documented. */
export async function startInstance(container: Container): Promise<void> {
  for (const command of commandsBelow('## Several installations on one machine')) {
    const output = await container.run('sh', '-ec', command);
    if (command.startsWith('makai doctor')) assert.match(output, /^nothing is wrong$/m);
    if (command.startsWith('makai status')) assert.match(output, /^ok +web-service: running/m, output);
  }
  await assertInstance(container);
}

/** Installation and instance run, and each stores the sag of its own box, only. */
export async function assertSeparate(container: Container): Promise<void> {
  await boxWithSag(container, undefined, undefined, LAB);
  await boxWithSag(container);
  const boxes = async (config?: string): Promise<Set<string>> =>
    new Set((await events(container, config)).flatMap(({ boxes_received }) => boxes_received));
  assert.deepEqual([await boxes(), await boxes(LAB.config)], [new Set([BOX]), new Set([LAB.box])]);
  assert.match(await container.run('makai', 'doctor', '--config', CONFIG), /^nothing is wrong$/m);
  const stopped = LAB_UNITS[0] ?? '';
  await container.run('systemctl', 'stop', stopped);
  const { stdout } = await container.attempt('makai', 'doctor', '--config', CONFIG);
  assert.ok(stdout.includes(`do: start it: systemctl start ${stopped}`), stdout);
  await container.run('systemctl', 'start', stopped);
  await assertActive(container);
  await assertInstance(container);
}

/** Its units are active, also after a reboot. */
export async function assertInstance(container: Container): Promise<void> {
  for (const unit of LAB_UNITS) {
    await until(
      `${unit} is active`,
      async () => (await show(container, unit, 'ActiveState')).ActiveState === 'active',
    );
    const { NRestarts } = await show(container, unit, 'NRestarts');
    assert.equal(NRestarts, '0', await journal(container, unit));
  }
}

/** Removes it. The installation goes on, and settings, keys and data of the instance stay. */
export async function removeInstance(container: Container): Promise<void> {
  await container.run('makai', 'uninstall', '--instance', 'lab', '--yes');
  const left = await container.run('systemctl', 'list-units', '--all', '--no-legend', '--plain', 'makai-*@*');
  assert.equal(left, '');
  await container.run('test', '-s', '/var/lib/makai/lab/makai.db', '-a', '-s', LAB.config);
  await assertActive(container);
}
