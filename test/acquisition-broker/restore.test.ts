import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RequestedEvent } from '../../acquisition-broker/events/requested-event.js';
import { OpenRequest } from '../../acquisition-broker/open-requests/open-request.js';
import {
  bodyOf,
  OLDEST_RESTORED_MS,
  requestOf,
  restoreRequests,
} from '../../acquisition-broker/open-requests/persistence.js';

import { silentLogger } from '../../common/log.js';
import { box3 } from '../../proto/box3/dialect.js';
import { DIALECTS } from '../../proto/index.js';
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
  boxes_refused: [{ reason: 'waveform_budget_of_box', boxes: ['9'] }],
  percent_magnitude: 1.5,
  target_event_start_timestamp_ms: 1000,
  target_event_end_timestamp_ms: 2000,
});
const requested = (id: number, boxes: string[]): RequestedEvent => new RequestedEvent(event(id, boxes), 'us');

const PLAIN = { noNullPrototype: true } as const;

const ask = fc.record(
  {
    boxId: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    numbers: fc
      .uniqueArray(fc.tuple(fc.constantFrom(...DIALECTS), fc.integer({ min: 6, max: 2 ** 32 - 1 })), {
        selector: ([dialect]) => dialect,
      })
      .map((pairs) => new Map(pairs)),
  },
  PLAIN,
);
const command = fc.record(
  {
    seq: fc.nat(),
    boxId: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
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
        fc.option(fc.string(), { nil: undefined }),
        (asks, body, everyone, token) => {
          const request = new OpenRequest({
            key: 'k',
            acceptedAtMs: 5,
            window: { startMs: 1, endMs: 2 },
            event: requested(3, ['7']),
            ...{ everyone, command: body, token, asks },
          });
          const back = requestOf('k', bodyOf(request), new Map());
          assert.deepEqual([...back.asks], [...request.asks]);
          assert.deepEqual([...back.numbers()], [...request.numbers()]);
          for (const name of ['key', 'acceptedAtMs', 'window', 'everyone', 'command', 'token'] as const)
            assert.deepEqual(back[name], request[name]);
          assert.deepEqual(
            [back.event?.event, back.event?.noticeText],
            [request.event?.event, request.event?.noticeText],
          );
          assert.deepEqual(JSON.parse(bodyOf(back)), JSON.parse(bodyOf(request)));
        },
      ),
    );
  });

  it('share the state of their event, know who was stored, and put back what a crash left out', async () => {
    const shared = requested(41, ['7']);
    for (const [key, boxId] of [
      ['a', 7],
      ['b', 8],
    ] as const) {
      const request = new OpenRequest({
        ...{
          key,
          acceptedAtMs: clock.now(),
          window: { startMs: 1000, endMs: 2000 },
          event: shared,
          token: 't',
        },
        asks: [{ boxId, numbers: new Map([[box3, 100 + boxId]]) }],
      });
      await store.putOpenRequest({ key, body: bodyOf(request) });
    }
    const [a, b] = await restore();
    assert.ok(a?.event !== undefined && a.event === b?.event);
    assert.deepEqual([...a.event.boxes], []);
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
    assert.deepEqual([done?.boxIds, open?.boxIds], [[], [8]]);
    assert.equal(done?.event?.takeNotice(), false, 'the v3 notice went out with the first waveform');
  });

  it('are refused where no message to a box can hold what they say', () => {
    const sound = {
      version: 2,
      acceptedAtMs: 5,
      window: { startMs: 1, endMs: 2 },
      event: event(3, ['7']),
      noticeText: '',
      everyone: false,
      asks: [{ boxId: 7, numbers: { box3: 100 } }],
      command: { seq: 1, boxId: 7, timestampMs: 1, identity: 'v', body: { kind: 'info' } },
    };
    const wrong: Record<string, unknown>[] = [
      { asks: [{ boxId: 2 ** 31, numbers: { box3: 100 } }] },
      { asks: [{ boxId: -1, numbers: { box3: 100 } }] },
      { asks: [{ boxId: 7, numbers: { box3: 2 ** 32 } }] },
      { asks: [{ boxId: 7, numbers: { box3: 1.5 } }] },
      { window: { startMs: -1, endMs: 2 } },
      { window: { startMs: 0.5, endMs: 2 } },
      { window: { startMs: 1, endMs: 1e300 } },
      { acceptedAtMs: 0.5 },
      { event: { ...sound.event, event_id: 2 ** 32 } },
      { event: { ...sound.event, target_event_end_timestamp_ms: -1 } },
      { command: { ...sound.command, seq: 2 ** 32 } },
      { command: { ...sound.command, boxId: 2 ** 31 } },
      { command: { ...sound.command, timestampMs: -1 } },
      { command: { ...sound.command, body: { kind: 'data', startMs: 1, endMs: 1e300, wait: false } } },
      { command: { ...sound.command, body: { kind: 'samplingRate', measurementWindowCycles: 2 ** 32 } } },
    ];
    const read = (more: object) => requestOf('k', JSON.stringify({ ...sound, ...more }), new Map());
    assert.deepEqual(read({}).boxIds, [7]);
    for (const one of wrong) assert.throws(() => read(one), JSON.stringify(one));
  });

  it('are dropped when they are too old or make no sense', async () => {
    const old = new OpenRequest({ key: 'old', acceptedAtMs: clock.now() - OLDEST_RESTORED_MS - 1, asks: [] });
    const fresh = new OpenRequest({ key: 'fresh', acceptedAtMs: clock.now() - 1000, asks: [] });
    const asks = [{ boxId: 7, numbers: new Map([[box3, 100]]) }];
    const known = new OpenRequest({ key: 'known', acceptedAtMs: clock.now(), asks });
    await store.putOpenRequest({ key: 'old', body: bodyOf(old) });
    await store.putOpenRequest({ key: 'fresh', body: bodyOf(fresh) });
    for (const [i, body] of [
      '',
      '{}',
      'null',
      '{"version":1}',
      bodyOf(fresh).replace('"everyone":', '"evreyone":'),
      bodyOf(known).replace('box3', 'box9'),
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
