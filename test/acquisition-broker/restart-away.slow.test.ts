import assert from 'node:assert/strict';
import { MakaiError } from '../../common/errors.js';
import { createLogger } from '../../common/log.js';
import type { Store } from '../../store/store.js';
import { givenSpool } from '../store/spool/given.js';
import { cyclesBetween, type Rig, startRig, until } from './rig.js';

const window = (): { startMs: number; endMs: number } => {
  const endMs = Date.now() - 1000;
  return { startMs: endMs - 500, endMs };
};

describe('acquisition broker: started again while its store is unavailable', () => {
  const given = givenSpool();
  let rig: Rig | undefined;
  afterEach(async () => {
    await rig?.stop();
    rig = undefined;
  });

  it('asks again immediately for what was open; each request is one, also when the database is back', async () => {
    const { database, way } = given();
    const first = await given().open({ eventIds: true });
    rig = await startRig({ boxes: [7], wrapStore: () => first });
    const asked = window();
    const client = await rig.client();
    let box = await rig.box(7, 3);
    await client.request({ ...asked, boxIds: [7] });
    const number = await client.evnew();
    const command = await box.command(number);
    way.open = false;
    await rig.stop();
    await first.close();

    const second = await given().open({ eventIds: true });
    rig = await startRig({ boxes: [7], wrapStore: () => second });
    assert.equal(rig.broker.status().open.requests, 1);
    const later = await rig.client();
    await later.request({ ...asked, boxIds: [7], requestData: false });
    const next = await later.evnew();
    box = await rig.box(7, 3);
    const again = await box.command(number);
    assert.equal(again.seq, command.seq);
    await box.answerData(command, cyclesBetween(asked.startMs, asked.endMs));
    await until(async () => (await second.openRequests()).length === 0);
    assert.equal(rig.rejected('reply_to_nothing'), 0);
    assert.deepEqual(second.stats().waiting, { event: 2, box_event: 1 });
    const { opened } = rig.broker.status().open;

    way.open = true;
    await second.drained();
    assert.deepEqual((await database.event(number))?.boxes_received, ['7']);
    assert.notEqual(await database.event(next), undefined);
    assert.deepEqual([opened, rig.broker.status().open.opened], [1, 1]);
  });

  it('restarts without the database leave one row an event in the spool', async () => {
    const { way } = given();
    way.open = false;
    for (let start = 1; start <= 3; start += 1) {
      const spool = await given().open({ eventIds: true });
      rig = await startRig({ boxes: [7], wrapStore: () => spool });
      if (start === 1) {
        const client = await rig.client();
        await client.request({ ...window(), boxIds: [7] });
        await client.evnew();
      }
      assert.deepEqual(spool.stats().waiting, { event: 1 }, `start ${start}`);
      assert.equal(rig.broker.status().open.requests, 1);
      await rig.stop();
      rig = undefined;
      await spool.close();
    }
  });

  it('what this broker has opened itself is not taken up again by a list that comes late', async () => {
    let readable = false;
    const wrapStore = (store: Store): Store =>
      new Proxy(store, {
        get: (target, name) => {
          if (name !== 'openRequests' || readable) return Reflect.get(target, name);
          return () => Promise.reject(new MakaiError('STORE_UNAVAILABLE', 'locked'));
        },
      });
    const logged: string[] = [];
    const log = createLogger('test', 'info', { write: (line) => logged.push(line) });
    rig = await startRig({ boxes: [7], wrapStore, log });
    const client = await rig.client();
    const box = await rig.box(7, 3);
    await client.request({ ...window(), boxIds: [7] });
    await client.evnew();
    const command = await box.command();
    readable = true;
    await until(() => logged.some((line) => line.includes('succeeded after a retry')));
    const { opened, requests } = rig.broker.status().open;
    assert.deepEqual([opened, requests], [1, 1]);
    await box.answerData(command);
    await until(() => rig?.broker.status().open.requests === 0);
    // A box that is slow to reply is asked again, and that is all.
    assert.ok(box.commands.length <= rig.broker.status().open.sent_again, `${box.commands.length} more`);
  });
});
