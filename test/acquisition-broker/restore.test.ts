import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  bodyOf,
  OLDEST_RESTORED_MS,
  requestOf,
  restoreRequests,
} from '../../acquisition-broker/open/persistence.js';
import { type AskedEvent, newRequest } from '../../acquisition-broker/open/request.js';
import { silentLogger } from '../../common/log.js';
import { Outbox } from '../../store/outbox/outbox.js';
import type { NewEvent, Store } from '../../store/store.js';
import { openWritable, type Writable } from '../store/writable.js';
import { ManualClock } from './manual-clock.js';
import { cyclesBetween } from './rig.js';

const event = (id: number, boxes: string[]): NewEvent => ({
  event_id: id,
  type: 'OTHER',
  description: 'd',
  boxes_triggered: boxes,
  percent_magnitude: 1.5,
  target_event_start_timestamp_ms: 1000,
  target_event_end_timestamp_ms: 2000,
});
const asked = (id: number, boxes: string[]): AskedEvent => ({
  event: event(id, boxes),
  noticeText: 'us',
  noticed: false,
  taken: new Set(),
});

const PLAIN = { noNullPrototype: true } as const;

const ask = fc.record(
  {
    boxId: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    read: fc.boolean(),
    seq: fc.option(fc.integer({ min: 6, max: 2 ** 32 - 1 }), { nil: undefined }),
  },
  PLAIN,
);
const command = fc.record(
  {
    seq: fc.nat(),
    boxId: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    timestampMs: fc.nat(),
    identity: fc.string({ unit: 'binary' }),
    body: fc.oneof(
      fc.constant({ kind: 'info' as const }),
      fc.record(
        { kind: fc.constant('data' as const), startMs: fc.nat(), endMs: fc.nat(), wait: fc.boolean() },
        PLAIN,
      ),
      fc.record({ kind: fc.constant('samplingRate' as const), measurementWindowCycles: fc.nat() }, PLAIN),
      fc.record(
        { kind: fc.constant('plugin' as const), pluginName: fc.string(), message: fc.string() },
        PLAIN,
      ),
    ),
  },
  PLAIN,
);

describe('acquisition broker: open requests in the store', () => {
  let store: Writable<Store>;
  let clock: ManualClock;
  const restore = () =>
    restoreRequests({
      store,
      outbox: new Outbox({ store, log: silentLogger() }),
      clock,
      log: silentLogger(),
    });

  beforeEach(async () => {
    clock = new ManualClock();
    store = await openWritable(':memory:', { retention: { mode: 'ttl', measurementsSeconds: 60 } });
  });
  afterEach(() => store.close());

  it('come back as they went in', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(ask, { selector: ({ boxId }) => boxId, maxLength: 5 }),
        fc.option(command, { nil: undefined }),
        fc.boolean(),
        fc.boolean(),
        fc.option(fc.string(), { nil: undefined }),
        (asks, body, read, everyone, token) => {
          const request = newRequest({
            key: 'k',
            acceptedAtMs: 5,
            window: { startMs: 1, endMs: 2 },
            event: asked(3, ['7']),
            ...{ read, everyone, command: body, token, asks },
          });
          const back = requestOf('k', bodyOf(request), new Map());
          assert.deepEqual({ ...back, cancel: 0, persisted: 0 }, { ...request, cancel: 0, persisted: 0 });
        },
      ),
    );
  });

  it('share the state of their event, know who was stored, and put back what a crash left out', async () => {
    const shared = asked(41, ['7']);
    for (const [key, boxId] of [
      ['a', 7],
      ['b', 8],
    ] as const) {
      const request = newRequest({
        ...{
          key,
          acceptedAtMs: clock.now(),
          window: { startMs: 1000, endMs: 2000 },
          event: shared,
          token: 't',
        },
        asks: [{ boxId, read: false, seq: 100 + boxId }],
      });
      await store.putOpenRequest({ key, body: bodyOf(request) });
    }
    const [a, b] = await restore();
    assert.ok(a?.event !== undefined && a.event === b?.event);
    assert.equal(a.event.noticed, false);
    assert.deepEqual((await store.event(41))?.boxes_triggered, ['7', '8'], 'the event itself was missing');

    const { samples, timesMs } = cyclesBetween(1000, 2000);
    await store.putBoxEvent(
      {
        event_id: 41,
        box_id: '7',
        event_start_timestamp_ms: 1000,
        event_end_timestamp_ms: 2000,
        window_timestamps_ms: timesMs,
        location: 'unknown',
        data_fs_filename: 'event_41_7',
      },
      samples,
      1,
    );
    const [done, open] = await restore();
    assert.deepEqual([done?.asks.size, open?.asks.size, done?.event?.noticed], [0, 1, true]);
    assert.deepEqual(done?.readAnswers, new Set([7]));
  });

  it('are dropped when they are too old or make no sense', async () => {
    const old = newRequest({ key: 'old', acceptedAtMs: clock.now() - OLDEST_RESTORED_MS - 1, asks: [] });
    const fresh = newRequest({ key: 'fresh', acceptedAtMs: clock.now() - 1000, asks: [] });
    await store.putOpenRequest({ key: 'old', body: bodyOf(old) });
    await store.putOpenRequest({ key: 'fresh', body: bodyOf(fresh) });
    for (const [i, body] of [
      '',
      '{}',
      'null',
      '{"version":2}',
      bodyOf(fresh).replace('"read":', '"raed":'),
    ].entries()) {
      await store.putOpenRequest({ key: `bad ${i}`, body });
    }
    assert.deepEqual(
      (await restore()).map(({ key }) => key),
      ['fresh'],
    );
    assert.deepEqual(
      (await store.openRequests()).map(({ key }) => key),
      ['fresh'],
    );
  });
});
