import assert from 'node:assert/strict';
import { Locations } from '../../acquisition-broker/boxes/locations.js';
import { systemClock } from '../../acquisition-broker/clock.js';
import { Notices } from '../../acquisition-broker/events/notices.js';
import type { RequestBook } from '../../acquisition-broker/open/book.js';
import { newRequest } from '../../acquisition-broker/open/request.js';
import { WaveformQueue } from '../../acquisition-broker/waveforms/queue.js';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import * as proto from '../../proto/index.js';
import { openSqliteStore } from '../../store/sqlite/index.js';
import { cyclesBetween } from './rig.js';

describe('acquisition broker: the queue of waveforms', () => {
  it('leaves nothing lying, at whatever moment an answer comes in', async () => {
    const store = await openSqliteStore(':memory:', { retention: { mode: 'ttl', measurementsSeconds: 60 } });
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
    const asked = { event, noticeText: '', noticed: false, taken: new Set<number>() };
    const window = { startMs: 1000, endMs: 1100 };
    const request = newRequest({ key: 'k', acceptedAtMs: 0, event: asked, window, asks: [] });
    let answered = (): void => undefined;
    const log = silentLogger();
    const clock = systemClock;
    const rejections = new Rejections(log);
    const queue = new WaveformQueue({
      proto,
      store,
      book: { answered: () => answered() } as unknown as RequestBook,
      notices: new Notices({ sendEvnew: () => undefined, sendNotice: () => undefined }),
      locations: new Locations(store, clock, 60_000, 10),
      rejections,
      patience: { clock, log, stopping: new AbortController().signal },
      limits: { cycles: 1000, samples: 100_000 },
      limitBytes: 1,
      busy: () => undefined,
    });
    const frames = proto.encodeCycles3(cyclesBetween(1000, 1100));
    const none = proto.encodeCycles3(cyclesBetween(9000, 9100));
    let boxId = 0;
    const add = (of: Uint8Array[]): void => {
      boxId += 1;
      queue.add({ dialect: 3, boxId, frames: of, request, event: asked, window, receivedAtMs: 1 });
    };
    // After one answer is done with, the next one comes 0, 1, 2 ... turns of the microtask queue later.
    for (let turns = 0; turns < 40; turns += 1) {
      for (const first of [none, frames]) {
        const done = new Promise<void>((resolve) => {
          answered = () => {
            answered = resolve;
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
});
