/** What the elected service makes, and what it does not: with a stream in memory and plugins that the test stands for. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../common/clock.js';
import { silentLogger } from '../../../common/log.js';
import type { EventRequest } from '../../../plugins/sdk/plugin.js';
import type { EventDocument } from '../../../store/store.js';
import { isMade } from '../../../triggering-service/comparing/comparing.js';
import {
  ElectedRun,
  type ElectedRunOptions,
  type Stream,
} from '../../../triggering-service/comparing/elected-run.js';
import {
  decodeRecord,
  type ElectedRecord,
  encodeRecord,
} from '../../../triggering-service/comparing/record.js';
import { emptyGroup, emptySummary, groupKey } from '../../../triggering-service/comparing/summary.js';
import { encodeSummary } from '../../../triggering-service/comparing/summary-codec.js';
import { until } from '../../support/until.js';

const request = (description: string): EventRequest => ({
  ...{ startMs: 1000, endMs: 2000, boxIds: [7], triggerType: 'OTHER', percentMagnitude: 5 },
  ...{ description, requestData: true },
});

class MemoryStream implements Stream {
  stored: { data: Uint8Array; seq: number; writtenMs: number } | undefined;
  readonly summaries: { data: Uint8Array; atMs: number }[] = [];
  #next = 1;
  /** replies to writes that are lost */
  lostReplies = 0;

  async record() {
    return this.stored;
  }

  async write(data: Uint8Array, after: number): Promise<number | undefined> {
    if ((this.stored?.seq ?? 0) !== after) return undefined;
    this.put(data);
    if (this.lostReplies > 0) {
      this.lostReplies -= 1;
      throw new Error('timeout');
    }
    return this.stored?.seq;
  }

  put(data: Uint8Array, writtenMs = Date.now()): void {
    this.stored = { data, seq: this.#next++, writtenMs };
  }

  /** All 64 partitions of a second; boxes of `name` are heard. */
  add(second: number, name = ''): void {
    for (let partition = 0; partition < 64; partition += 1) {
      const summary = emptySummary();
      if (partition === 0 && name !== '') summary.groups.set(groupKey(name, -1), emptyGroup(name, -1));
      const data = encodeSummary({ partition, second, revision: 1, summary });
      this.summaries.push({ data, atMs: 1000 * (second + 1) });
    }
  }

  async read(
    fromMs: number,
    take: (data: Uint8Array, isNewest: boolean) => void,
    signal: AbortSignal,
  ): Promise<void> {
    let at = this.summaries.findIndex(({ atMs }) => atMs >= fromMs);
    while (!signal.aborted) {
      for (; at >= 0 && at < this.summaries.length; at += 1)
        take(this.summaries[at]?.data ?? Buffer.alloc(0), at === this.summaries.length - 1);
      await sleep(5);
    }
  }
}

describe('triggering-service/comparing: the elected service', function () {
  this.timeout(60_000);
  let stream: MemoryStream;
  let made: string[];
  let seen: number[];
  let isElected: boolean;
  let run: ElectedRun | undefined;
  const now = Math.floor(Date.now() / 1000);

  beforeEach(() => {
    stream = new MemoryStream();
    made = [];
    seen = [];
    isElected = true;
  });
  afterEach(() => run?.stop());

  /** Its plugin asks for one event for each second with a location, with the location's name. */
  function start(over: Partial<ElectedRunOptions> = {}): ElectedRun {
    const started: ElectedRun = new ElectedRun({
      ...{ stream, revision: 5, service: 'a', clock: systemClock, log: silentLogger() },
      isElected: () => isElected,
      second: async ({ endMs, summary }) => {
        seen.push(endMs / 1000 - 1);
        started.requests(
          summary.locations.map(({ location }) => request(location)),
          'test',
        );
      },
      make: (requests) => made.push(...requests.map(({ description }) => description)),
      keep: () => undefined,
      isMade: async () => false,
      ...over,
    });
    run = started;
    return started;
  }
  const record = (): ElectedRecord | undefined => stream.stored && decodeRecord(stream.stored.data);
  const recorded = (second: number, open: ElectedRecord['open'] = [], revision = 4, writtenMs = Date.now()) =>
    stream.put(encodeRecord({ v: 1, revision, service: 'b', doneMs: 1000 * (second + 1), open }), writtenMs);

  it('goes through what was done again, makes nothing of it, and goes on with the next second', async () => {
    for (let second = now - 20; second < now; second += 1) stream.add(second, `at ${second - now}`);
    recorded(now - 6);
    start();
    await until('all that is new is made', async () => made.length >= 5);
    assert.deepEqual(made, ['at -5', 'at -4', 'at -3', 'at -2', 'at -1']);
    assert.ok(seen.includes(now - 20));
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a - b),
    );
    assert.equal(new Set(seen).size, seen.length, 'each second once');
    assert.equal(record()?.revision, 5);
    assert.equal(run?.counts.malformed, 0);
  });

  it('writes down what it is about to make', async () => {
    let written: ElectedRecord | undefined;
    stream.add(now - 1, 'x');
    recorded(now - 2);
    start({
      make: (requests) => {
        written = record();
        made.push(...requests.map(({ description }) => description));
      },
    });
    await until('it is made', async () => made.length > 0);
    assert.deepEqual(written?.open, [{ plugin: 'test', request: request('x') }]);
    assert.equal(written?.doneMs, 1000 * now);
    stream.add(now);
    await until('it is struck out', async () => record()?.open.length === 0);
  });

  it('makes nothing when somebody else has written the record, or when it is not elected any more', async () => {
    recorded(now - 10);
    start();
    await until('it has begun', async () => record()?.revision === 5);
    recorded(now - 10, [], 6);
    for (let second = now - 9; second < now; second += 1) stream.add(second, 'x');
    await sleep(1500);
    assert.deepEqual(made, []);
    assert.equal(record()?.revision, 6, 'the record of a later election stays');
    isElected = false;
    await run?.stop();
    assert.deepEqual(made, []);
  });

  it('takes the record over from a later revision when that is old: the bucket of leases was lost', async () => {
    recorded(now - 2, [], 99, Date.now() - 60_000);
    stream.add(now - 1, 'x');
    start();
    await until('it is made', async () => made.length > 0);
    assert.equal(record()?.revision, 5);
  });

  it('makes once what it wrote when the reply was lost', async () => {
    recorded(now - 2);
    stream.add(now - 1, 'x');
    stream.lostReplies = 2;
    start();
    await until('it is made', async () => made.length > 0);
    stream.add(now);
    await until('it goes on', async () => (run?.counts.done ?? 0) > 1);
    assert.deepEqual(made, ['x']);
  });

  it('makes what the service before had written down, unless there is an event of it', async () => {
    const open = ['made', 'not made'].map((text) => ({ plugin: 'test', request: request(text) }));
    recorded(now - 1, open);
    start({ isMade: async (one) => one.request.description === 'made' });
    await until('it is made', async () => made.length > 0);
    assert.deepEqual(made, ['not made']);
  });

  it('knows an event by its words and its window', async () => {
    const event = (description: string, startMs: number, endMs: number): EventDocument => ({
      ...{ event_id: 1, description, boxes_triggered: [], boxes_received: [], expire_at: 0 },
      ...{ target_event_start_timestamp_ms: startMs, target_event_end_timestamp_ms: endMs },
    });
    const isIt = (one: EventDocument) =>
      isMade({ plugin: 'test#2', request: request('x') }, async function* () {
        yield one;
      });
    assert.ok(await isIt(event('test: x', 1000, 2000)));
    assert.ok(await isIt(event('test: x (the largest of 2 boxes)', 500, 1500)));
    assert.ok(!(await isIt(event('test: y', 1000, 2000))));
    assert.ok(!(await isIt(event('test: x', 100, 900))));
  });

  it('counts what cannot be read, and goes on', async () => {
    recorded(now - 3);
    stream.summaries.push({ data: Buffer.from('nonsense'), atMs: Date.now() });
    stream.add(now - 1, 'x');
    start();
    await until('it is made', async () => made.length > 0);
    assert.equal(run?.counts.malformed, 1);
  });
});
