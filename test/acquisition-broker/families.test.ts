import assert from 'node:assert/strict';
import { Families } from '../../acquisition-broker/events/families.js';
import type { EventRequest } from '../../acquisition-broker/requests/request.js';
import { silentLogger } from '../../common/log.js';
import type { EventDocument, EventReader, TimeRange } from '../../store/store.js';

const START = 1_780_000_000_000;

function request(more: Partial<EventRequest> = {}): EventRequest {
  return {
    ...{ kind: 'event', client: 'ours', boxIds: [7], window: { startMs: START, endMs: START + 20_000 } },
    ...{ type: 'VOLTAGE_SWELL', percentMagnitude: 6, description: 'x', requestData: true },
    familyStartMs: START,
    ...more,
  };
}

const later = (more: Partial<EventRequest> = {}) =>
  request({ window: { startMs: START + 600_000, endMs: START + 601_000 }, ...more });

/** A store with these events; `fails`: none can be read. */
function storeOf(events: Partial<EventDocument>[] = [], fails = false) {
  const ranges: TimeRange[] = [];
  return {
    ranges,
    events: async function* (range: TimeRange = {}): AsyncGenerator<EventDocument> {
      ranges.push(range);
      if (fails) throw new Error('unavailable');
      for (const event of events) {
        yield {
          ...{ event_id: 1, description: '', boxes_triggered: ['7'], boxes_received: [], expire_at: 0 },
          ...{ target_event_start_timestamp_ms: START, target_event_end_timestamp_ms: START + 1 },
          type: 'VOLTAGE_SWELL',
          ...event,
        };
      }
    },
  };
}

describe('acquisition-broker: families of events', () => {
  it('later windows have the id of the first, without asking the store', async () => {
    const store = storeOf();
    const families = new Families(store, silentLogger());
    assert.equal(await families.familyOf(request(), 11), 11);
    assert.equal(await families.familyOf(later(), 12), 11);
    assert.equal(await families.familyOf(later({ boxIds: [7, 8] }), 13), 11);
    assert.equal(store.ranges.length, 0);
  });

  it('another box, kind, client or deviation is another family', async () => {
    const families = new Families(storeOf(), silentLogger());
    await families.familyOf(request(), 11);
    assert.equal(await families.familyOf(later({ boxIds: [8] }), 12), 12);
    assert.equal(await families.familyOf(later({ type: 'VOLTAGE_SAG' }), 13), 13);
    assert.equal(await families.familyOf(later({ client: 'another' }), 14), 14);
    assert.equal(await families.familyOf(later({ familyStartMs: START + 1 }), 15), 15);
    assert.equal(await families.familyOf(later({ familyStartMs: undefined }), 16), undefined);
    assert.equal(await families.familyOf(later({ boxIds: [] }), 17), undefined);
  });

  it('after a restart the store knows the first', async () => {
    const store = storeOf([
      { event_id: 3, boxes_triggered: ['8'] },
      { event_id: 4, type: 'OTHER' },
      { event_id: 5, family: 5 },
    ]);
    const families = new Families(store, silentLogger());
    assert.equal(await families.familyOf(later(), 20), 5);
    assert.equal(await families.familyOf(later(), 21), 5);
    assert.deepEqual(store.ranges, [{ fromMs: START, toMs: START + 1, limit: 1000 }]);
  });

  it('parts that come together after a restart are one family, with and without a first event in the store', async () => {
    for (const [stored, expected] of [
      [[{ event_id: 5 }], [5, 5]],
      [[], [20, 20]],
    ] as const) {
      const families = new Families(storeOf([...stored]), silentLogger());
      const found = await Promise.all([families.familyOf(later(), 20), families.familyOf(later(), 21)]);
      assert.deepEqual(found, expected);
    }
  });

  it('a store that does not reply holds no event up', async () => {
    const never = {
      events: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }),
    };
    const families = new Families(never as unknown as Pick<EventReader, 'events'>, silentLogger());
    assert.equal(await families.familyOf(later(), 20), 20);
    assert.equal(await families.familyOf(later(), 21), 20);
  });

  it('a store that cannot be read begins a family', async () => {
    const families = new Families(storeOf([], true), silentLogger());
    assert.equal(await families.familyOf(later(), 20), 20);
    assert.equal(await families.familyOf(later(), 21), 20);
  });
});
