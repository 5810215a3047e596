import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RequestedEvent } from '../../acquisition-broker/events/requested-event.js';
import { OpenRequest } from '../../acquisition-broker/open-requests/open-request.js';
import {
  adoptRequests,
  bodyOf,
  OLDEST_RESTORED_MS,
  requestOf,
  restoreRequests,
} from '../../acquisition-broker/open-requests/persistence.js';

import { MakaiError } from '../../common/errors.js';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { box3 } from '../../proto/box3/dialect.js';
import { DIALECTS } from '../../proto/index.js';
import type { OpenRequest as StoredRequest } from '../../store/documents.js';
import { Outbox } from '../../store/outbox/outbox.js';
import type { NewEvent, Store } from '../../store/store.js';
import type { Sink, Write } from '../../store/writes.js';
import { intercepted, openWritable, type Writable } from '../store/writable.js';
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
      rejections,
    });
  let rejections: Rejections;

  beforeEach(async () => {
    clock = new ManualClock();
    rejections = new Rejections(silentLogger(), clock);
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

  describe('what a store that replies refuses', () => {
    const asks = [{ boxId: 7, numbers: new Map([[box3, 107]]) }];
    const kept = async (id: number): Promise<void> => {
      const window = { startMs: 1000, endMs: 2000 };
      const request = new OpenRequest({
        ...{ key: `r${id}`, acceptedAtMs: clock.now(), window, event: requested(id, ['7']), asks },
      });
      await store.putOpenRequest({ key: request.key, body: bodyOf(request) });
    };
    const refusing = (
      kinds: readonly string[],
      code: 'STORE_REFUSED' | 'STORE_ACCESS_DENIED' | 'STORE_DAMAGED',
      id = 0,
    ) =>
      intercepted(store, async (write) => {
        const isMeant = id === 0 || (write.kind === 'event' && write.event.event_id === id);
        if (kinds.includes(write.kind) && isMeant) throw new MakaiError(code, 'no');
      });
    const restoreFrom = (from: Sink) =>
      restoreRequests({
        ...{ store, outbox: new Outbox({ store: from, log: silentLogger() }), clock },
        ...{ log: silentLogger(), rejections },
      });
    const keys = async (): Promise<string[]> => (await store.openRequests()).map(({ key }) => key).sort();

    it('is left out, counted and removed; all others are taken up', async () => {
      for (const id of [41, 42, 43]) await kept(id);
      const restored = await restoreFrom(refusing(['event'], 'STORE_REFUSED', 42));
      assert.deepEqual(restored.map(({ key }) => key).sort(), ['r41', 'r43']);
      assert.deepEqual(rejections.totals(), { event_not_stored: 1 });
      assert.deepEqual(await keys(), ['r41', 'r43']);
    });

    it('is left out and stays for the next start where it fails for another reason', async () => {
      for (const id of [41, 42]) await kept(id);
      const restored = await restoreFrom(refusing(['event'], 'STORE_DAMAGED', 42));
      assert.deepEqual(
        restored.map(({ key }) => key),
        ['r41'],
      );
      assert.deepEqual(rejections.totals(), { event_not_stored: 1 });
      assert.deepEqual(await keys(), ['r41', 'r42']);
    });

    it('stays where it cannot be read whether the event is stored already', async () => {
      await kept(41);
      const outbox = new Outbox({ store: refusing(['event'], 'STORE_REFUSED'), log: silentLogger() });
      const unread = (code: 'STORE_UNAVAILABLE' | 'STORE_DAMAGED') =>
        restoreRequests({
          store: {
            openRequests: () => store.openRequests(),
            event: async () => {
              throw new MakaiError(code, 'no');
            },
          },
          ...{ outbox, clock, log: silentLogger(), rejections },
        });
      await assert.rejects(unread('STORE_UNAVAILABLE'), { code: 'STORE_UNAVAILABLE' });
      assert.deepEqual(await unread('STORE_DAMAGED'), []);
      assert.deepEqual(await keys(), ['r41']);
    });

    it('is taken up where the event is stored already', async () => {
      await kept(41);
      await store.insertEvent(event(41, ['7']));
      const restored = await restoreFrom(refusing(['event', 'triggered_boxes'], 'STORE_REFUSED'));
      assert.deepEqual(
        restored.map(({ key }) => key),
        ['r41'],
      );
      assert.deepEqual(rejections.totals(), {});
    });

    it('keeps nothing back when it is the removal of a request', async () => {
      await kept(41);
      await store.putOpenRequest({ key: 'bad', body: '{}' });
      const restored = await restoreFrom(refusing(['closed_request'], 'STORE_REFUSED'));
      assert.deepEqual(
        restored.map(({ key }) => key),
        ['r41'],
      );
      assert.deepEqual(await keys(), ['bad', 'r41']);
    });

    it('without the right to write everything is kept and tried again', async () => {
      await kept(41);
      await assert.rejects(restoreFrom(refusing(['event'], 'STORE_ACCESS_DENIED')), {
        code: 'STORE_ACCESS_DENIED',
      });
      assert.deepEqual(await keys(), ['r41']);
    });

    it('of another broker is not taken up either, and keeps no other one back', async () => {
      const bodies: StoredRequest[] = [];
      for (const id of [41, 42, 43]) {
        await kept(id);
        bodies.push(...(await store.openRequests()));
        for (const { key } of await store.openRequests()) await store.removeOpenRequest(key);
      }
      const refuse = async (write: Write): Promise<void> => {
        const isFirst = write.kind === 'open_request' && write.request.key === 'r41';
        const isSecond = write.kind === 'event' && write.event.event_id === 42;
        if (isFirst || isSecond) throw new MakaiError('STORE_REFUSED', 'no');
      };
      const outbox = new Outbox({ store: intercepted(store, refuse), log: silentLogger() });
      const options = { store, outbox, clock, log: silentLogger(), rejections };
      const restored = await adoptRequests(bodies, outbox, options);
      assert.deepEqual(
        restored.map(({ key }) => key),
        ['r43'],
      );
      assert.deepEqual(rejections.totals(), { open_request_not_kept: 1, event_not_stored: 1 });
      assert.deepEqual(await keys(), ['r43']);
    });
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
