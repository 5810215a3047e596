/** docs/operations.md, "Moving to MongoDB", by its own commands, with a box that sends. */
import assert from 'node:assert/strict';
import { startMongo } from '../../support/mongo-server.js';
import type { Container } from '../container.js';
import { operation } from '../documented.js';
import { boxWithSag, events } from '../line.js';
import { skipWithoutContainers } from '../setup.js';
import { assertActive } from '../units.js';
import { type Installed, installed } from './installed.js';
import { mongoIn } from './mongo-in.js';

const CONFIG = '/etc/opq/makai.conf';

describe('moving to MongoDB', function () {
  this.timeout(900_000);
  let one: Installed;
  let container: Container;
  const undo: (() => unknown)[] = [];

  before(async function () {
    this.timeout(1_800_000);
    await skipWithoutContainers(this, 'dpkg-deb');
    // A server of our own: the page's database `opq` may be somebody's elsewhere.
    const server = await startMongo();
    if (server?.control === undefined) {
      process.stderr.write('    skipped: no MongoDB of our own can be started here\n');
      return this.skip();
    }
    undo.push(() => server.stop());
    one = await installed();
    container = one.container;
    undo.push(() => container.remove());
    undo.push(await mongoIn(container, server.uri));
    await one.type('makai boxes add 1001 --name "Main panel" --calibration 152.1');
    await boxWithSag(container, 'demo');
  });
  after(async () => {
    for (const step of undo.reverse()) await step();
  });

  it('all that was stored is there, ids go on, and the box goes on sending', async () => {
    let before: number[] = [];
    await boxWithSag(
      container,
      undefined,
      async () => {
        for (const command of operation('Moving to MongoDB')) {
          if (command.startsWith('systemctl start'))
            before = (await events(container)).map(({ event_id }) => event_id);
          // What a person changes between the two copies.
          if (command.startsWith('systemctl stop'))
            await one.type(`makai boxes set 1001 --calibration 149.7 --store config:${CONFIG}`);
          const output = await one.type(command);
          if (command === 'makai doctor') assert.match(output, /^nothing is wrong$/m);
        }
      },
      { config: CONFIG },
    );
    await assertActive(container);
    const after = (await events(container, CONFIG)).map(({ event_id }) => event_id);
    assert.ok(before.length > 0);
    assert.deepEqual(
      before.filter((id) => !after.includes(id)),
      [],
    );
    const fresh = after.filter((id) => !before.includes(id));
    assert.ok(Math.min(...fresh) > Math.max(...before), `${fresh} after ${before}`);
    assert.match(await one.type(`makai boxes show 1001 --store config:${CONFIG}`), /149\.7/);
  });
});
