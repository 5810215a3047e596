import assert from 'node:assert/strict';
import { openEngine } from '../../../store/sqlite/engine.js';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import { boxEvent, counts, newEvent } from '../contract/given.js';
import { givenFiles } from './files.js';

describe('store/sqlite: box events without an event', () => {
  const files = givenFiles();
  const EVENTS = 4500;

  /** Events with a box event each; that of the last one has lost its event. */
  const fill = async (): Promise<void> => {
    await (await files().open()).close();
    const db = new DatabaseHandle(files().file);
    const event = db.prepare(
      `INSERT INTO events (event_id, description, boxes_triggered, target_event_start_timestamp_ms, target_event_end_timestamp_ms, expire_at)
       VALUES (?, '', '[]', 0, 1, 253402300799)`,
    );
    const box = db.prepare("INSERT INTO box_events VALUES (?, '1', 0, 1, 'unknown', '', x'', x'')");
    db.transaction(() => {
      for (let id = 1; id <= EVENTS; id += 1) {
        if (id < EVENTS) event.run(id);
        box.run(id);
      }
    })();
    db.close();
  };

  it('a sweep looks at so many events and the next one goes on from there, round and round', async () => {
    await fill();
    const engine = openEngine(files().file, { mode: 'ttl', measurementsSeconds: 60 });
    const first = engine.orphanedEvents(undefined);
    assert.ok(first.next !== undefined && first.next < EVENTS / 2, `went on to ${first.next}`);
    assert.deepEqual(first.orphans, []);
    assert.deepEqual(engine.orphanedEvents(EVENTS - 10), { orphans: [EVENTS], next: undefined });
    assert.deepEqual(engine.orphanedEvents(EVENTS - 3, 2), { orphans: [], next: EVENTS - 1 });
    engine.close();

    const store = await files().open();
    const swept = [];
    for (let i = 0; i < 6; i += 1) swept.push((await store.sweep(1000)).orphans);
    assert.deepEqual(swept, [0, 0, 1, 0, 0, 0]);
    assert.equal((await store.boxEvents(EVENTS - 1)).length, 1);
    // From the beginning again: an orphan among the lowest numbers is found in its turn.
    await store.putBoxEvent(boxEvent(EVENTS + 1, '7', 0), counts(3), 0);
    let orphans = 0;
    for (let i = 0; i < 3; i += 1) orphans += (await store.sweep(1000)).orphans;
    assert.equal(orphans, 1);
  });

  it('an event that comes between the search and the deletion keeps its box events', async () => {
    const store = await files().open();
    await store.putBoxEvent(boxEvent(5, '1', 0), counts(3), 0);
    const engine = openEngine(files().file, { mode: 'ttl', measurementsSeconds: 60 });
    const { orphans } = engine.orphanedEvents(undefined);
    assert.deepEqual(orphans, [5]);
    await store.insertEvent(newEvent(5, 0));
    assert.equal(engine.deleteOrphans(orphans), 0);
    engine.close();
    assert.equal((await store.boxEvents(5)).length, 1);
  });

  it('the search takes no write lock', async () => {
    await fill();
    const other = new DatabaseHandle(files().file);
    const engine = openEngine(files().file, { mode: 'ttl', measurementsSeconds: 60 });
    other.exec('BEGIN IMMEDIATE');
    assert.deepEqual(engine.orphanedEvents(EVENTS - 1).orphans, [EVENTS]);
    other.exec('ROLLBACK');
    other.close();
    engine.close();
  });
});
