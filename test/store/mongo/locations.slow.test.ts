import assert from 'node:assert/strict';
import { Long } from 'mongodb';
import { incidentLocation } from '../../../store/incidents.js';
import { newMendPosition } from '../../../store/mongo/index.js';
import { givenMongo } from '../../support/mongo-server.js';
import { all, bareAggregate, boxEvent, counts, finding, newEvent } from '../contract/given.js';
import { givenDatabase } from './given.js';

describe('MongoDB: locations that were not known when documents were stored', () => {
  const given = givenDatabase(givenMongo());

  it('box events stored without the location that their box has are mended when the store is opened', async () => {
    const now = Date.now();
    const first = await given().open();
    for (const [box_id, location] of [
      ['1', 'lab'],
      ['2', undefined],
    ] as const)
      await first.putBox({
        box_id,
        calibration_constant: 1,
        unplugged: false,
        ...(location === undefined ? {} : { location, location_start_time_ms: now - 60_000 }),
      });
    for (const [eventId, box, startMs, location] of [
      [1, '1', now, 'unknown'],
      [2, '1', now - 120_000, 'unknown'],
      [3, '1', now, 'roof'],
      [4, '2', now, 'unknown'],
    ] as const) {
      await first.insertEvent(newEvent(eventId, startMs));
      await first.putBoxEvent({ ...boxEvent(eventId, box, startMs), location }, counts(2), startMs);
    }
    const second = await given().open();
    const locations: (string | undefined)[] = [];
    for (const id of [1, 2, 3, 4]) locations.push((await second.boxEvents(id))[0]?.location);
    // Event 2 is of a time at which the box was somewhere else.
    assert.deepEqual(locations, ['lab', 'unknown', 'roof', 'unknown']);
  });

  it('so are incidents, and trends and aggregates by the sweep after that; again after each return of the database', async () => {
    const now = Date.now();
    const first = await given().open();
    for (const box_id of ['1', '2'])
      await first.putBox({
        ...{ box_id, calibration_constant: 1, unplugged: false },
        ...(box_id === '1' ? { location: 'lab', location_start_time_ms: now - 3_600_000 } : {}),
      });
    const store = async (atMs: number): Promise<void> => {
      const trend = (box_id: string, location = 'unknown') => ({ box_id, timestamp_ms: atMs, location });
      await first.putTrends([trend('1'), trend('2'), { ...trend('1', 'roof'), timestamp_ms: atMs + 1 }]);
      await first.putAggregates([bareAggregate('1', atMs)]);
    };
    await store(now);
    await store(now - 7_200_000);
    // As a daemon writes it that does not know the box's record.
    await first.putAnalysis(1, '1', [finding(1, '1', now, { location: incidentLocation(undefined) })]);
    await first.putAnalysis(2, '1', [finding(2, '1', now + 1)]);
    const ofAnother = {
      incident_id: 3,
      event_id: 3,
      box_id: '1',
      start_timestamp_ms: Long.fromNumber(now + 2),
    };
    await given()
      .db.collection('incidents')
      .insertOne({ ...ofAnother, location: 'UNKNOWN' });
    const located = async (name: 'trends' | 'makai_aggregates'): Promise<unknown[]> => {
      const documents = await given()
        .db.collection(name)
        .find({ box_id: '1' })
        .sort({ timestamp_ms: 1 })
        .toArray();
      return documents.map(({ location }) => location);
    };
    const second = await given().open();
    assert.deepEqual(
      (await all(second.incidents())).map(({ location }) => location),
      ['lab', finding(2, '1', now).incident.location, 'UNKNOWN'],
    );
    await second.sweep(now);
    // Two hours ago the box was somewhere else.
    assert.deepEqual(await located('trends'), ['unknown', 'roof', 'lab', 'roof']);
    assert.deepEqual(await located('makai_aggregates'), ['unknown', 'lab']);
    assert.equal((await all(second.trends('2')))[0]?.location, 'unknown');

    await store(now + 60_000);
    await second.sweep(now);
    assert.equal((await located('trends')).at(-2), 'unknown', 'not looked for all the time');
    await second.prepare();
    await second.sweep(now);
    assert.equal((await located('trends')).at(-2), 'lab');
  });

  it('a start mends a week of trends, a return of the database what is not much older than its absence', async () => {
    const now = Date.now();
    const mend = newMendPosition();
    const first = await given().open({ mend });
    await first.putBox({ box_id: '1', calibration_constant: 1, unplugged: false, location: 'lab' });
    await first.sweep(now);
    for (const ms of [10_800_000, 600_000])
      await first.putTrends([{ box_id: '1', timestamp_ms: now - ms, location: 'unknown' }]);
    const located = async (): Promise<(string | undefined)[]> =>
      (await all(first.trends('1'))).map(({ location }) => location);
    await first.prepare();
    await first.sweep(now);
    assert.deepEqual(await located(), ['unknown', 'lab']);
    // The connection was made again.
    const again = await given().open({ mend });
    await again.sweep(now);
    assert.deepEqual(await located(), ['unknown', 'lab']);
    // Another process. Its database is unavailable before the first sweep.
    const other = newMendPosition();
    await given().open({ mend: other });
    const later = await given().open({ mend: other });
    await later.sweep(now);
    assert.deepEqual(await located(), ['lab', 'lab']);
  });
});
