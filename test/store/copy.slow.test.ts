import assert from 'node:assert/strict';
import { type CopyPosition, type CopyProgress, copyStore, emptyPosition } from '../../store/copy.js';
import { FOREVER_SECONDS } from '../../store/documents.js';
import type { Store } from '../../store/store.js';
import { CHANGED, changeAll, contentOf, fillStore } from './content.js';
import { boxEvent, counts, newEvent } from './contract/given.js';
import { openWritable, type Writable } from './writable.js';

describe('store/copy', () => {
  let from: Writable<Store>;
  let to: Writable<Store>;
  const retention = { mode: 'ttl' as const, measurementsSeconds: 86_400, eventsSeconds: 90_000 };
  const quiet = { onProgress: () => undefined, save: async () => undefined };

  beforeEach(async () => {
    from = await openWritable(':memory:', { retention });
    to = await openWritable(':memory:', { retention });
    await fillStore(from);
  });
  afterEach(async () => {
    await Promise.all([from.close(), to.close()]);
  });

  it('copies everything as it is, and a second time nothing', async () => {
    const report = await copyStore(from, to, emptyPosition(), quiet);
    assert.deepEqual(await contentOf(to), await contentOf(from));
    const inserted = {
      boxes: { inserted: 2, duplicates: 0 },
      events: { inserted: 6, duplicates: 0 },
      boxEvents: { inserted: 12, duplicates: 0 },
      incidents: { inserted: 3, duplicates: 0 },
      trends: { inserted: 40, duplicates: 0 },
      aggregates: { inserted: 4, duplicates: 0 },
      series: { inserted: 30, duplicates: 0 },
      measurements: { inserted: 5001, duplicates: 0 },
      updated: 0,
      different: { count: 0, names: [] },
      refused: { count: 0, reasons: [] },
    };
    assert.deepEqual(report, inserted);
    const again = await copyStore(from, to, emptyPosition(), quiet);
    assert.deepEqual(again.different, inserted.different);
    for (const part of ['boxes', 'events', 'boxEvents', 'trends', 'measurements'] as const) {
      assert.deepEqual(again[part], { inserted: 0, duplicates: inserted[part].inserted }, part);
    }
  });

  it('takes locations, and users with their API tokens; what the target has of these stays', async () => {
    const user = { name: 'ada', role: 'admin', password: 'a hash', created_ms: 1 } as const;
    const token = {
      token_hash: 'h1',
      kind: 'api',
      user: 'ada',
      name: 'export',
      role: 'viewer',
      created_ms: 2,
    } as const;
    const session = { ...token, token_hash: 'h2', kind: 'session', name: '' } as const;
    await from.putLocation({ slug: 'roof', description: 'of the source', coordinates: [-157.8, 21.3] });
    await from.putLocation({ slug: 'hall', description: 'of the source' });
    await to.putLocation({ slug: 'hall', description: 'of the target' });
    await from.addUser(user);
    await from.addUser({ ...user, name: 'vera' });
    await to.addUser({ ...user, name: 'vera', role: 'viewer' });
    for (const one of [token, session, { ...token, token_hash: 'h3', user: 'vera' }])
      await from.addToken(one);
    for (let run = 0; run < 2; run += 1) await copyStore(from, to, emptyPosition(), quiet);
    assert.deepEqual(
      (await to.locations()).map(({ description, slug }) => [slug, description]),
      [
        ['hall', 'of the target'],
        ['roof', 'of the source'],
      ],
    );
    assert.deepEqual(await to.user('ada'), user);
    assert.equal((await to.user('vera'))?.role, 'viewer');
    assert.deepEqual(await to.tokens(), [token]);
  });

  it('a second copy names what differs since the first, or with `update` carries over what people changed', async () => {
    await from.putLocation({ slug: 'hall', description: 'of the source', regions: ['east'] });
    await from.addUser({ name: 'ada', role: 'viewer', password: 'a hash', created_ms: 1 });
    await copyStore(from, to, emptyPosition(), quiet);
    await changeAll(from);
    const before = await contentOf(to);
    const named = await copyStore(from, to, emptyPosition(), quiet);
    assert.deepEqual(named.different, { count: CHANGED.length, names: CHANGED });
    assert.equal(named.updated, 0);
    assert.deepEqual(await contentOf(to), before, 'nothing was changed');
    const updated = await copyStore(from, to, emptyPosition(), { ...quiet, update: true });
    assert.deepEqual([updated.updated, updated.different.count], [CHANGED.length, 0]);
    assert.deepEqual(await contentOf(to), await contentOf(from));
    assert.deepEqual(await to.locations(), await from.locations());
    assert.deepEqual(await to.users(), await from.users());
  });

  it('with `update` an event that only has the same id is named, and stays as it is', async () => {
    await to.insertEvent(newEvent(3, 77));
    await from.keepEvent(3, true);
    const { different } = await copyStore(from, to, emptyPosition(), { ...quiet, update: true });
    assert.deepEqual(different, { count: 1, names: ['event 3'] });
    assert.equal((await to.event(3))?.kept, undefined);
  });

  it('broken off again and again, it ends up whole, and copies little twice', async () => {
    let position: CopyPosition = emptyPosition();
    let copied = 0;
    let duplicates = 0;
    for (let run = 0; ; run += 1) {
      let saves = 0;
      const breakOff = new Error('broken off');
      const save = async (at: CopyPosition): Promise<void> => {
        saves += 1;
        // As a file would keep it; what follows the fourth save of each run is lost with the run.
        if (saves > 4) throw breakOff;
        position = JSON.parse(JSON.stringify(at)) as CopyPosition;
      };
      try {
        const report = await copyStore(from, to, position, { ...quiet, save });
        duplicates = report.measurements.duplicates;
        break;
      } catch (error) {
        assert.equal(error, breakOff);
        copied += 1;
      }
      assert.ok(run < 100, 'no progress');
    }
    assert.ok(copied > 2, `${copied} runs`);
    assert.deepEqual(await contentOf(to), await contentOf(from));
    assert.ok(duplicates <= 2000);
  });

  it('tells its progress: parts in order, never back, each to its end', async () => {
    const seen: CopyProgress[] = [];
    await copyStore(from, to, emptyPosition(), { ...quiet, onProgress: (progress) => seen.push(progress) });
    assert.deepEqual(
      [...new Set(seen.map(({ part }) => part))],
      ['boxes', 'incidents', 'events', 'trends', 'aggregates', 'measurements'],
    );
    for (const part of ['boxes', 'incidents', 'events', 'trends', 'aggregates', 'measurements']) {
      const steps = seen.filter((progress) => progress.part === part);
      for (const [i, step] of steps.entries()) assert.ok(step.done >= (steps[i - 1]?.done ?? 0));
      assert.equal(steps.at(-1)?.done, steps.at(-1)?.total);
    }
  });

  it('what the target has of its own stays, and a box whose name is taken is reported, not forced', async () => {
    await to.putBox({ box_id: '5', name: 'Roof', calibration_constant: 2, unplugged: false });
    await to.putMakaiConfig({ triggering: { ...(await triggering(from)), default_ref_v: 240 } });
    const report = await copyStore(from, to, emptyPosition(), quiet);
    assert.equal(report.refused.count, 1);
    assert.match(report.refused.reasons[0] ?? '', /called "Roof" already/);
    assert.equal((await triggering(to)).default_ref_v, 240);
    assert.deepEqual(
      (await to.boxes()).map((box) => box.box_id),
      ['5', '1002'],
    );
  });

  it('a document that one of the stores refuses is reported and left out; the rest is copied', async () => {
    await from.insertEvent(newEvent(50, 1));
    await from.putBoxEvent(boxEvent(50, '1', 1), counts(9), 1);
    const damaged: Store = {
      ...from,
      waveform: (name) =>
        name === 'event_50_1'
          ? Promise.reject(Object.assign(new Error('chunks are missing'), { code: 'STORE_DAMAGED' }))
          : from.waveform(name),
    };
    const report = await copyStore(damaged, to, emptyPosition(), quiet);
    assert.deepEqual(report.refused, { count: 1, reasons: ['chunks are missing'] });
    assert.equal((await to.boxEvents(50)).length, 1);
    assert.equal(await to.waveform('event_50_1'), undefined);
    assert.equal((await to.event(50))?.boxes_received.length, 1);
  });

  it('what another program wrote without an expiry is kept for good', async () => {
    const dateless = { ...newEvent(60, 5), boxes_received: [], expire_at: 0 };
    await from.restore({ events: [dateless] });
    await copyStore(from, to, emptyPosition(), quiet);
    assert.equal((await to.event(60))?.expire_at, FOREVER_SECONDS);
  });

  it('a store that fails ends the copy with its error', async () => {
    const away = Object.assign(new Error('away'), { code: 'STORE_UNAVAILABLE' });
    const failing: Store = { ...to, restore: () => Promise.reject(away) };
    await assert.rejects(copyStore(from, failing, emptyPosition(), quiet), away);
  });

  async function triggering(store: Store) {
    const config = await store.makaiConfig();
    assert.ok(config);
    return config.triggering;
  }
});
