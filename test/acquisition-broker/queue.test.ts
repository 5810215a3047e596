import assert from 'node:assert/strict';
import { BoxRecords } from '../../acquisition-broker/boxes/box-records.js';
import { Notices, RequestedEvent } from '../../acquisition-broker/events/requested-event.js';
import { OpenRequest } from '../../acquisition-broker/open-requests/open-request.js';
import type { OpenRequests } from '../../acquisition-broker/open-requests/open-requests.js';
import { WaveformQueue } from '../../acquisition-broker/waveforms/queue.js';
import { type Clock, systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { box3 } from '../../proto/box3/dialect.js';
import * as proto from '../../proto/index.js';
import { Outbox } from '../../store/outbox/outbox.js';
import type { Store } from '../../store/store.js';
import { SendQueue } from '../../zmq/send-queue.js';
import { intercepted, openWritable } from '../store/writable.js';
import { cyclesBetween } from './rig.js';

/** A queue in front of a store in memory, and an event that boxes answer to. */
async function setUp(options: { clock?: Clock; wrap?(store: Store): Store; limitBytes: number }) {
  const store = await openWritable(':memory:', { retention: { mode: 'ttl', measurementsSeconds: 60 } });
  const [event_id = 0] = await store.nextEventIds(1);
  const event = {
    event_id,
    type: 'OTHER',
    description: '',
    boxes_triggered: [],
    percent_magnitude: 0,
    target_event_start_timestamp_ms: 1000,
    target_event_end_timestamp_ms: 1100,
  };
  await store.insertEvent(event);
  const requested = new RequestedEvent(event, '');
  const window = { startMs: 1000, endMs: 1100 };
  const request = new OpenRequest({ key: 'k', acceptedAtMs: 0, event: requested, window, asks: [] });
  const hooks = { replied: (): void => undefined };
  const log = silentLogger();
  const { clock = systemClock, limitBytes, wrap = (same) => same } = options;
  const rejections = new Rejections(log);
  const queue = new WaveformQueue({
    outbox: new Outbox({ store: wrap(store), log }),
    open: { replied: () => hooks.replied() } as unknown as OpenRequests,
    notices: new Notices({
      clientQueue: new SendQueue('backend_pub', rejections),
      noticeQueue: new SendQueue('zmq_event_endpoint', rejections),
    }),
    records: new BoxRecords(store, clock, 60_000, 10),
    budget: { stored: () => undefined },
    rejections,
    clock,
    log,
    stopping: new AbortController().signal,
    limits: { cycles: 1000, samples: 100_000 },
    limitBytes,
    busy: () => undefined,
  });
  let boxId = 0;
  const add = (frames: Uint8Array[]): void => {
    boxId += 1;
    queue.add({ dialect: box3, boxId, frames, request, event: requested, window, receivedAtMs: 1 });
  };
  return { add, hooks, queue, rejections, store };
}

/** A store whose waveforms wait until it is opened. */
function gate(): { wrap(store: Store): Store; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const wrap = (store: Store): Store =>
    intercepted(store, ({ kind }) => (kind === 'box_event' ? opened : undefined));
  return { wrap, open: () => open() };
}

describe('acquisition broker: the queue of waveforms', () => {
  const frames = proto.encodeCycles3(cyclesBetween(1000, 1100));

  it('leaves nothing lying, at whatever moment an answer comes in', async () => {
    const { add, hooks, queue, rejections, store } = await setUp({ limitBytes: 1 });
    const none = proto.encodeCycles3(cyclesBetween(9000, 9100));
    // After one answer is done with, the next one comes 0, 1, 2 ... turns of the microtask queue later.
    for (let turns = 0; turns < 40; turns += 1) {
      for (const first of [none, frames]) {
        const done = new Promise<void>((resolve) => {
          hooks.replied = () => {
            hooks.replied = resolve;
            let left = turns;
            const later = (): void => {
              if (left === 0) add(frames);
              else {
                left -= 1;
                queueMicrotask(later);
              }
            };
            later();
          };
        });
        add(first);
        await done;
        await queue.drained();
        assert.deepEqual([queue.bytes, queue.length], [0, 0]);
      }
    }
    assert.equal(queue.counts.stored, 120);
    assert.deepEqual(rejections.totals(), {});
    await store.close();
  });

  it('lets a store that takes nothing set the pace once, not for each answer', async () => {
    let pauses = 0;
    const after: Clock['after'] = (_, fn) => {
      pauses += 1;
      const due = setImmediate(fn);
      return () => clearImmediate(due);
    };
    const { open, wrap } = gate();
    const { add, queue, store } = await setUp({
      clock: { ...systemClock, after },
      wrap,
      limitBytes: 2 ** 28,
    });
    for (let round = 0; round < 2; round += 1) {
      for (let i = 0; i < 40; i += 1) {
        await queue.capacity();
        add(frames);
      }
    }
    await queue.capacity();
    assert.equal(queue.length, 80);
    assert.equal(pauses, 1);
    open();
    await queue.drained();
    assert.equal(queue.counts.stored, 80);
    await store.close();
  });

  it('counts the memory in which samples wait, not only their bytes', async () => {
    const { open, wrap } = gate();
    const { add, queue, store } = await setUp({ wrap, limitBytes: 2 ** 28 });
    const short = proto.encodeCycles3(cyclesBetween(1000, 1001));
    for (let i = 1; i <= 5; i += 1) {
      add(short);
      await queue.capacity();
      assert.ok(queue.bytes >= i * 65_536, `${queue.bytes} bytes for ${i} answers`);
    }
    open();
    await queue.drained();
    assert.deepEqual([queue.bytes, queue.length, queue.counts.stored], [0, 0, 5]);
    await store.close();
  });
});
