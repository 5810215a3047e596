import assert from 'node:assert/strict';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import { incidentOperations } from '../../../store/sqlite/incidents.js';
import { migrate } from '../../../store/sqlite/migrate.js';

describe('store/sqlite: how incidents are looked for', () => {
  it('those of an event by its index, also with a box: not all incidents of the box are walked', () => {
    const db = new DatabaseHandle(':memory:');
    migrate(db, 'test');
    const prepared: string[] = [];
    const prepare = db.prepare.bind(db);
    db.prepare = ((sql: string) => {
      prepared.push(sql);
      return prepare(sql);
    }) as typeof db.prepare;
    const context = {
      db,
      retention: { mode: 'ttl' as const, measurementsSeconds: 60 },
      expireAt: () => 0,
      eventsOver: () => [],
    };
    const nothing = () => undefined;
    const prolong = { event: nothing, measurements: nothing, trends: nothing, aggregates: nothing };
    const { incidentPage } = incidentOperations({ ...context, write: (change) => change() }, prolong);
    const planOf = (query: Parameters<typeof incidentPage>[0]): string => {
      assert.deepEqual(incidentPage(query, undefined, 10), []);
      const sql = prepared.at(-1) ?? '';
      const values = Array.from(sql.matchAll(/\?/g), () => 1);
      const steps = prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
      return steps.map(({ detail }) => detail).join();
    };
    const byEvent = /incidents_event \(event_id=\? AND box_id=\?\)/;
    assert.match(planOf({ eventId: 7, boxId: '1001' }), byEvent);
    assert.match(planOf({ eventId: 7, boxId: '1001', descending: true }), byEvent);
    assert.match(planOf({ eventId: 7 }), /incidents_event \(event_id=\?\)/);
    assert.match(planOf({ boxId: '1001' }), /incidents_box/);
    // Those without an event are all outages: in their order.
    assert.match(planOf({ boxId: '1001', eventId: -1 }), /incidents_box/);
    // What another waveform of a box may show too: not all that began in the ten minutes before.
    assert.match(
      planOf({ boxId: '1001', fromMs: 0, toMs: 9, endsFromMs: 5 }),
      /incidents_end \(box_id=\? AND <expr>>\?\)/,
    );
    db.close();
  });
});
