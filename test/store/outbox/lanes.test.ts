import assert from 'node:assert/strict';
import { MakaiError } from '../../../common/errors.js';
import { createLogger, silentLogger } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics/metrics.js';
import { addStoreMetrics } from '../../../store/outbox/metrics.js';
import { Outbox } from '../../../store/outbox/outbox.js';
import { LANES, POLICY } from '../../../store/outbox/policy.js';
import { type Sink, STORED, type Stored, type Write } from '../../../store/writes.js';
import { ManualClock } from '../../acquisition-broker/manual-clock.js';
import { boxEvent, counts, newEvent } from '../contract/given.js';

const UNAVAILABLE = new MakaiError('STORE_UNAVAILABLE', 'nobody replies');
const REFUSED = new MakaiError('STORE_REFUSED', 'a validator');
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const event = (id: number): Write => ({ kind: 'event', event: newEvent(id, 0) });
const waveform = (id: number): Write => ({
  kind: 'box_event',
  boxEvent: boxEvent(id, '1', 0),
  samples: counts(4),
  acceptedAtMs: 1,
});
const traffic: Write = { kind: 'metrics', document: { name: 'ab', sent: 1, recv: 1 } };

/** A store that notes what it is given, and fails as it is instructed to. */
class FakeStore implements Sink {
  readonly batchesAtOnce = 1;
  readonly seen: Write[] = [];
  fails: (write: Write) => unknown = () => undefined;

  async apply(write: Write): Promise<Stored> {
    this.seen.push(write);
    const error = await this.fails(write);
    if (error !== undefined) throw error;
    return STORED;
  }
}

describe('outbox: lanes', () => {
  let store: FakeStore;
  let clock: ManualClock;
  let giveUp: AbortController;
  let outbox: Outbox;
  beforeEach(() => {
    store = new FakeStore();
    clock = new ManualClock(1_000_000);
    giveUp = new AbortController();
    outbox = new Outbox({ store, clock, log: silentLogger(), giveUp: giveUp.signal });
  });

  it('every lane has a kind', () => {
    assert.deepEqual(new Set(Object.values(POLICY).map(({ lane }) => lane)), new Set(LANES));
  });

  it('a write is fulfilled when the store has it, and was accepted when it came, however late it is taken', async () => {
    let failures = 2;
    store.fails = () => (failures-- > 0 ? UNAVAILABLE : undefined);
    const put = outbox.put(event(1));
    for (let i = 0; i < 3; i += 1) {
      await turn();
      clock.advance(60_000);
    }
    assert.deepEqual(await put, STORED);
    assert.deepEqual(
      store.seen.map(({ acceptedAtMs }) => acceptedAtMs),
      [1_000_000, 1_000_000, 1_000_000],
    );
  });

  it('while one lane is tried again the others go on; what waits behind goes in its order', async () => {
    store.fails = ({ kind }) => (kind === 'box_event' ? UNAVAILABLE : undefined);
    const waveforms = [1, 2, 3].map((id) => outbox.put(waveform(id)));
    await turn();
    await outbox.put(event(9));
    assert.equal(outbox.lanes.waveforms.status().waiting, 3);
    store.seen.length = 0;
    store.fails = () => undefined;
    clock.advance(10_000);
    await Promise.all(waveforms);
    assert.deepEqual(
      store.seen.map((write) => write.kind === 'box_event' && write.boxEvent.event_id),
      [1, 2, 3],
    );
    assert.deepEqual(outbox.waiting().waveforms, 0);
  });

  it('states of plugins are written one after the other, so that an older one never replaces a newer one', async () => {
    const stateOf = (body: string): Write => ({
      kind: 'plugin_state',
      state: { plugin: 'p', format: 'json', body },
    });
    let failures = 1;
    store.fails = () => (failures-- > 0 ? UNAVAILABLE : undefined);
    const puts = ['1', '2'].map((body) => outbox.put(stateOf(body)));
    await turn();
    clock.advance(10_000);
    await Promise.all(puts);
    assert.deepEqual(
      store.seen.map((write) => write.kind === 'plugin_state' && write.state.body),
      ['1', '1', '2'],
    );
  });

  it('states of plugins crowd out no incident: past 16 MB the oldest state is dropped', async () => {
    store.fails = () => UNAVAILABLE;
    const body = 'x'.repeat(64 * 1024);
    const states = Promise.allSettled(
      Array.from({ length: 200 }, () =>
        outbox.put({ kind: 'plugin_state', state: { plugin: 'p', format: 'json', body } }),
      ),
    );
    const analysis = outbox.put({ kind: 'analysis', eventId: 1, boxId: '1', findings: [], remarks: [] });
    await turn();
    const { dropped, waiting } = outbox.lanes.plugin_states.status();
    assert.ok(dropped > 50, `${dropped} dropped`);
    assert.ok(waiting > 100, `${waiting} wait`);
    assert.equal(outbox.lanes.incidents.status().waiting, 1);
    store.fails = () => undefined;
    clock.advance(10_000);
    await analysis;
    const results = await states;
    assert.equal(results.filter(({ status }) => status === 'rejected').length, dropped);
    assert.equal(results.at(-1)?.status, 'fulfilled');
  });

  it('what the store refuses is not tried again and holds nothing up', async () => {
    store.fails = (write) => (write.kind === 'event' && write.event.event_id === 1 ? REFUSED : undefined);
    const [first, second] = await Promise.allSettled([outbox.put(event(1)), outbox.put(event(2))]);
    assert.equal(first.status === 'rejected' && first.reason, REFUSED);
    assert.equal(second.status, 'fulfilled');
    assert.equal(store.seen.length, 2);
  });

  it('an error that is no outage is tried a few times', async () => {
    store.fails = () => new Error('a mistake');
    const put = outbox.put(event(1));
    const failed = assert.rejects(put, /a mistake/);
    for (let i = 0; i < 10; i += 1) {
      await turn();
      clock.advance(10_000);
    }
    await failed;
    assert.equal(store.seen.length, 5);
  });

  it('what has a better way than waiting is tried once, also on request', async () => {
    store.fails = () => UNAVAILABLE;
    await assert.rejects(outbox.put(traffic), UNAVAILABLE);
    await assert.rejects(outbox.put(event(1), { once: true }), UNAVAILABLE);
    assert.equal(store.seen.length, 2);
    // And leaves no pause behind.
    store.fails = () => undefined;
    await outbox.put(event(2));
  });

  it('given up, each write is tried once more, and nothing is taken any more', async () => {
    store.fails = () => UNAVAILABLE;
    const puts = [event(1), event(2)].map((write) => outbox.put(write));
    await turn();
    const tries = store.seen.length;
    giveUp.abort();
    for (const put of puts) await assert.rejects(put, UNAVAILABLE);
    assert.equal(store.seen.length, tries + 2);
    await assert.rejects(outbox.put(event(3)), { code: 'STORE_UNAVAILABLE' });
  });

  it('a stop writes what waits, and says what it could not', async () => {
    const lines: Record<string, unknown>[] = [];
    const log = createLogger('test', 'info', { write: (line) => void lines.push(JSON.parse(line)) });
    outbox = new Outbox({ store, clock, log });
    store.fails = () => UNAVAILABLE;
    const put = outbox.put(event(1));
    const failed = assert.rejects(put, { code: 'STORE_UNAVAILABLE' });
    await turn();
    const stopped = outbox.stop();
    for (let i = 0; i < 10; i += 1) {
      await turn();
      clock.advance(2_000);
    }
    await stopped;
    await failed;
    assert.ok(lines.some(({ lane, lost }) => lane === 'events' && lost === 1));
  });

  it('its metrics: seconds by kind, failures, and whether the store takes writes', async () => {
    const metrics = new Metrics('acquisition-broker', '0');
    addStoreMetrics(metrics, { state: () => ({ available: true }) }, outbox);
    store.fails = ({ kind }) => (kind === 'metrics' ? UNAVAILABLE : undefined);
    await outbox.put(event(1));
    await assert.rejects(outbox.put(traffic));
    const text = await metrics.exposition();
    assert.match(text, /makai_store_write_seconds_count\{kind="event"\} 1/);
    assert.match(text, /makai_store_up 0[\s\S]*makai_store_errors_total 1/);
    assert.match(text, /makai_outbox_waiting\{lane="events"\} 0/);
    await outbox.put(event(2));
    assert.match(await metrics.exposition(), /makai_store_up 1/);
    metrics.stop();
  });
});
