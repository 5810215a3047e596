/** Only ids that a certificate names may send: over a real socket, with a real folder and a real store. */
import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { newKeyPair } from '../../keys/key.js';
import { acceptKey, revokeBox } from '../../keys/manage.js';
import { triggerMessage } from '../../proto/index.js';
import { temporaryKeys } from '../keys/helpers.js';
import { ServiceRig, until } from './rig.js';

describe('triggering-service: ids with a certificate', () => {
  let rig: ServiceRig;
  let keys: Awaited<ReturnType<typeof temporaryKeys>>;
  let time = 0;
  beforeEach(async () => {
    rig = new ServiceRig();
    keys = await temporaryKeys();
    time = Date.now() - 60_000;
  });
  afterEach(async () => {
    await rig.end();
    await keys.remove();
  });

  const status = () => rig.service.status();
  const dropped = () => status().dropped.unknown_box ?? 0;

  /** Sends under an id until one measurement more is taken, or dropped. @returns how many it sent: on a busy machine what was taken is counted when more were sent */
  async function untilSent(id: number, outcome: 'taken' | 'dropped'): Promise<number> {
    const count = () => (outcome === 'taken' ? status().measurements : dropped());
    const before = count();
    let sent = 0;
    await until(async () => {
      const { messages } = status();
      sent += 1;
      time += 1;
      await rig.send2(id, time);
      await rig.received(messages + 1);
      // What was taken is counted with its batch.
      await new Promise((resolve) => setTimeout(resolve, 10));
      return count() > before;
    });
    return sent;
  }

  const fromFolder = () => rig.start({ client_certs: keys.layout.publicDirectory });

  it('takes every id where the configuration names no list', async () => {
    await rig.start();
    await untilSent(1002, 'taken');
    assert.equal(status().ids_with_certificate, 'none');
    assert.deepEqual(status().dropped, {});
  });

  it('drops, counts and lists an id that no certificate names, until one does', async () => {
    await keys.box('1001');
    await fromFolder();
    const taken = await untilSent(1001, 'taken');
    await untilSent(1002, 'dropped');
    await until(() => status().measurements === taken);
    const { ids_with_certificate, refused_ids } = status();
    assert.ok(typeof ids_with_certificate === 'object' && ids_with_certificate.known === 1);
    const [row] = refused_ids.newest;
    assert.deepEqual(
      [refused_ids.known, row?.box_id, row?.reason, row?.topic],
      [1, 1002, 'unknown_box', '1002'],
    );
    assert.equal(row?.count, dropped());
    await acceptKey(keys.layout, newKeyPair().publicKey, '1002');
    const before = dropped();
    const sent = await untilSent(1002, 'taken');
    assert.deepEqual(status().refused_ids.newest, [], 'it is no stranger any more');
    // Those before the new list was read were dropped.
    const stored = sent - (dropped() - before);
    await rig.stopService();
    assert.ok(stored > 0);
    assert.equal((await rig.measurements(1002)).length, stored);
  });

  it('drops a box that is revoked, though it has sent before', async () => {
    await keys.box('1001');
    await fromFolder();
    await untilSent(1001, 'taken');
    await revokeBox(keys.layout, '1001');
    await untilSent(1001, 'dropped');
  });

  it('follows a certificate that gets another id and keeps its key', async () => {
    await keys.box('1001');
    await fromFolder();
    await untilSent(1001, 'taken');
    const file = keys.layout.boxPublic('1001');
    await writeFile(file, (await readFile(file, 'utf8')).replace('id = 1001', 'id = 1003'));
    await untilSent(1003, 'taken');
    await untilSent(1001, 'dropped');
  });

  it('takes the ids of boxes with a key in the store', async () => {
    await rig.start({ white_list: 'store' });
    await untilSent(1001, 'dropped');
    const box = { box_id: '1001', name: 'one', calibration_constant: 1, unplugged: false };
    await rig.store.putBox({ ...box, public_key: newKeyPair().publicKey });
    await rig.store.putBox({ ...box, box_id: '1002', name: 'two' });
    await untilSent(1001, 'taken');
    await untilSent(1002, 'dropped');
    await rig.store.removeBox('1001');
    await untilSent(1001, 'dropped');
  });

  it('keeps the list as it was last read while the folder is unavailable; before it was ever read, no id is accepted', async () => {
    const [folder, away] = [keys.layout.publicDirectory, `${keys.layout.publicDirectory}.away`];
    await keys.box('1001');
    await rename(folder, away);
    await fromFolder();
    await untilSent(1001, 'dropped');
    const { ids_with_certificate } = status();
    assert.ok(typeof ids_with_certificate === 'object' && ids_with_certificate.sources[0]?.ok === false);
    await rename(away, folder);
    await untilSent(1001, 'taken');
    await rename(folder, away);
    await until(() => {
      const { ids_with_certificate: now } = status();
      return typeof now === 'object' && now.sources[0]?.ok === false;
    });
    await untilSent(1001, 'taken');
    await untilSent(1002, 'dropped');
  });

  it('lists an id under the topic of another in the same way', async () => {
    await keys.box('1001');
    await keys.box('1002');
    await fromFolder();
    const forged = triggerMessage.encode({ id: 1002, time: Date.now(), frequency: 60, rms: 120 });
    for (const topic of ['1001', `${'x'.repeat(500)}\u001b[2J`]) await rig.send(topic, forged);
    await rig.received(2);
    const { dropped: counts, refused_ids } = status();
    assert.deepEqual(counts, { topic_mismatch: 2 });
    const [row] = refused_ids.newest;
    assert.deepEqual([row?.box_id, row?.reason, row?.topic, row?.count], [1002, 'topic_mismatch', '1001', 2]);
  });

  it('a flood of ids fills neither memory, log nor the table of boxes', async () => {
    await keys.box('1001');
    await fromFolder();
    const ids = 3000;
    for (let id = 2000; id < 2000 + ids; id++) await rig.send2(id, time);
    for (let id = 0; id < 5; id++) await rig.send(Buffer.alloc(100_000, 0xff), Buffer.alloc(100, id));
    await rig.received(ids + 5);
    await untilSent(1001, 'taken');
    const { boxes, refused_ids } = status();
    assert.equal(dropped(), ids);
    assert.equal(boxes.known, 1);
    assert.deepEqual(
      [refused_ids.known, refused_ids.forgotten, refused_ids.newest.length],
      [1000, ids - 1000, 50],
    );
    assert.equal(refused_ids.newest[0]?.box_id, 2000 + ids - 1);
    const lines = rig.lines.filter(({ reason }) => reason === 'unknown_box');
    assert.equal(lines.length, 20);
    assert.equal(new Set(lines.map(({ boxId }) => boxId)).size, 20, 'each id once');
  });
});
