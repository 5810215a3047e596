/** Names and ids of meters: one name has one id, whoever makes it, and nobody else's record is changed. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_BOX_ID } from '../../../common/box-id.js';
import { meterRecord } from '../../../gateway/meters/records.js';
import { openStore } from '../../../store/open.js';
import type { BoxDocument, Store } from '../../../store/store.js';
import { STORE_THREAD } from '../../support/store-thread.js';

const RETENTION = { mode: 'ttl', measurementsSeconds: 1000 } as const;
const MAPPING = { topic: 'm/{name}', location: 'lab', nominalVoltage: 230, nominalFrequency: undefined };

describe('meters: records', function () {
  this.timeout(60_000);
  let folder: string;
  const stores: Store[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-meters-'));
    for (let i = 0; i < 2; i += 1)
      stores.push(
        await openStore(`sqlite:${join(folder, 'makai.db')}`, { retention: RETENTION, thread: STORE_THREAD }),
      );
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await rm(folder, { recursive: true });
  });
  const make = (name: string, store = stores[0], maxMeters = 1000): Promise<BoxDocument | undefined> => {
    if (store === undefined) throw new Error('no store');
    return meterRecord(store, { name, mapping: MAPPING, nowMs: 5.5, maxMeters });
  };

  it('ids from 1,000,000,000 on, in the order of the first messages, for good', async () => {
    assert.deepEqual(await make('kitchen'), {
      box_id: '1000000000',
      name: 'kitchen',
      description: 'MQTT m/{name}',
      calibration_constant: 1,
      unplugged: true,
      location: 'lab',
      location_start_time_ms: 6,
      kind: 'meter',
      meter: 'kitchen',
      nominal_voltage: 230,
    });
    assert.equal((await make('cellar'))?.box_id, '1000000001');
    const kitchen = await make('kitchen', stores[1]);
    assert.equal(kitchen?.box_id, '1000000000');
    if (kitchen === undefined) return;
    await stores[0]?.putBox({ ...kitchen, name: 'Kitchen, ground floor' });
    assert.deepEqual(await make('kitchen', stores[1]), { ...kitchen, name: 'Kitchen, ground floor' });
  });

  it('the name of a box is left to the box', async () => {
    const box = { box_id: '7', name: 'roof', calibration_constant: 100, unplugged: false };
    await stores[0]?.putBox(box);
    assert.deepEqual(
      [(await make('roof'))?.name, (await make('roof'))?.box_id, await stores[1]?.box('7')],
      ['roof (meter)', '1000000000', box],
    );
  });

  it('two gateways and an import at the same time: each name one id, each id one name', async () => {
    const names = Array.from({ length: 25 }, (_, i) => `meter ${i}`);
    // Each of them makes one after the other, as the gateway and an import do.
    const gateway = async (list: readonly string[], store?: Store) => {
      const made: (BoxDocument | undefined)[] = [];
      for (const name of list) made.push(await make(name, store));
      return made;
    };
    const imports = async (store?: Store): Promise<void> => {
      for (let i = 0; i < 5; ) {
        const boxes = (await store?.boxes()) ?? [];
        const id = Math.max(999_999_999, ...boxes.map(({ box_id }) => Number(box_id))) + 1;
        const box = { box_id: String(id), name: `channel ${i}`, calibration_constant: 9, unplugged: true };
        if ((await store?.addBox({ ...box, kind: 'import' })) !== false) i += 1;
      }
    };
    const [first, second] = await Promise.all([
      gateway(names, stores[0]),
      gateway([...names].reverse(), stores[1]),
      imports(stores[1]),
    ]);
    const ids = first.map((box) => box?.box_id);
    assert.deepEqual(
      second.map((box) => box?.box_id),
      [...ids].reverse(),
    );
    assert.equal(new Set(ids).size, names.length);
    const boxes = (await stores[0]?.boxes()) ?? [];
    assert.equal(boxes.length, names.length + 5);
    for (const [i, name] of names.entries())
      assert.equal(boxes.find(({ box_id }) => box_id === ids[i])?.meter, name);
  });

  it('as many as there may be, and no more; the highest id is followed by a gap', async () => {
    const last = {
      box_id: String(MAX_BOX_ID),
      calibration_constant: 1,
      unplugged: true,
      kind: 'import',
    } as const;
    await stores[0]?.putBox(last);
    assert.equal((await make('a', stores[0], 2))?.box_id, '1000000000');
    assert.equal((await make('b', stores[0], 2))?.box_id, '1000000001');
    assert.equal(await make('c', stores[0], 2), undefined);
    assert.equal((await make('a', stores[0], 2))?.box_id, '1000000000');
  });
});
