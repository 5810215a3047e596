import assert from 'node:assert/strict';
import { createLogger, silentLogger } from '../../../common/log.js';
import { createColumns, METRICS, type Rows } from '../../../proto/columns.js';
import { MeasurementBatches } from '../../../store/outbox/measurement-batches.js';
import { Outbox } from '../../../store/outbox/outbox.js';
import type { MeasurementsWrite, Sink, Stored } from '../../../store/writes.js';
import { until } from '../spool/given.js';

/** A store that keeps what it is given, in its own time. */
class SlowStore {
  readonly times: number[] = [];
  readonly batches: number[] = [];
  readonly acceptedAtMs: (number | undefined)[] = [];
  failures = 0;
  gate: Promise<void> = Promise.resolve();

  readonly sink: Sink = {
    apply: (write) => this.insert(write as MeasurementsWrite),
    get batchesAtOnce() {
      return atOnce;
    },
  };

  async insert({ acceptedAtMs, columns: batch }: MeasurementsWrite): Promise<Stored> {
    await this.gate;
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('unavailable');
    }
    this.batches.push(batch.count);
    this.acceptedAtMs.push(acceptedAtMs);
    for (let i = 0; i < batch.count; i++) this.times.push(batch.timestampMs[i] ?? 0);
    return { inserted: batch.count, duplicates: 0 };
  }
}

let next = 0;
let atOnce = 1;

/** Rows of a ring from row `from` on; each measurement's time is its number. */
function rows(count: number, from = 7): Rows {
  const columns = createColumns(from + count);
  for (let i = 0; i < count; i++) {
    columns.timestampMs[from + i] = next;
    for (const metric of METRICS) columns[metric].average[from + i] = next;
    next += 1;
  }
  return { columns, from, to: from + count };
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Batches and their outbox as one. */
class Writer extends MeasurementBatches {
  readonly #outbox: Outbox;

  constructor(outbox: Outbox, options: { batchSize: number; delayMs: number }) {
    super(outbox.lanes.measurements, options);
    this.#outbox = outbox;
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.#outbox.stop();
  }
}

describe('outbox: measurements', () => {
  let store: SlowStore;
  let writer: Writer;
  beforeEach(() => {
    [next, atOnce] = [0, 1];
    store = new SlowStore();
  });

  function open(
    options: { batchSize?: number; delayMs?: number; queueLimit?: number; atOnce?: number } = {},
    log = silentLogger(),
  ): void {
    atOnce = options.atOnce ?? 1;
    const { batchSize = 100, delayMs = 20, queueLimit: maxMeasurements = 1000 } = options;
    writer = new Writer(new Outbox({ store: store.sink, log, maxMeasurements }), { batchSize, delayMs });
  }

  it('writes full batches immediately and the rest after its delay, each once and in order', async () => {
    open();
    const before = Date.now();
    writer.add(rows(30));
    writer.add(rows(250));
    await writer.settled(280);
    assert.deepEqual(store.batches, [100, 100, 80]);
    assert.deepEqual(store.times, numbers(0, 280));
    assert.deepEqual(writer.status(), { stored: 280, duplicates: 0, dropped: 0, waiting: 0, failures: 0 });
    assert.ok(store.acceptedAtMs.every((at) => at !== undefined && at >= before && at <= Date.now()));
    await writer.stop();
  });

  it('says when measurements are settled, not before', async () => {
    open();
    let release = (): void => undefined;
    store.gate = new Promise((resolve) => {
      release = resolve;
    });
    writer.add(rows(150));
    let settled = 0;
    void writer.settled(100).then(() => {
      settled += 1;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(settled, 0);
    assert.equal(writer.status().waiting, 150);
    release();
    await writer.settled(150);
    assert.equal(settled, 1);
    await writer.stop();
  });

  it('keeps what the store does not take, tries again, and says so once', async () => {
    const lines: Record<string, unknown>[] = [];
    const log = createLogger('test', 'info', { write: (line) => void lines.push(JSON.parse(line)) });
    open({}, log);
    store.failures = 2;
    writer.add(rows(50));
    await until(() => writer.status().failures === 1);
    writer.add(rows(50));
    await writer.settled(100);
    assert.deepEqual(store.times, numbers(0, 100));
    assert.equal(writer.status().failures, 2);
    assert.match(String(lines[0]?.msg), /kept and tried again/);
    assert.match(String(lines[1]?.msg), /takes writes again/);
    assert.equal(lines.length, 2);
    await writer.stop();
  });

  it('gives the store several batches at one time, and no more', async () => {
    open({ batchSize: 10, atOnce: 3 });
    let given = 0;
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const insert = store.insert.bind(store);
    store.insert = async (write) => {
      given += 1;
      await gate;
      return insert(write);
    };
    writer.add(rows(55));
    assert.equal(given, 3);
    assert.equal(writer.status().waiting, 55);
    release();
    await writer.settled(55);
    assert.deepEqual(store.times, numbers(0, 55));
    await writer.stop();
  });

  for (const { failing, order, together } of [
    { failing: 2, order: [20, 0, 10, 30], together: 3 },
    { failing: 3, order: [0, 10, 20, 30], together: 1 },
  ]) {
    it(`when ${failing} of 3 fail they go again before the rest, ${together} at a time, and nothing is settled past them`, async () => {
      open({ batchSize: 10, atOnce: 3 });
      const taken: number[] = [];
      let [failures, underWay, underWayAtRetry, waitingAtRetry] = [failing, 0, 0, 0];
      store.insert = async ({ columns: { count, timestampMs } }) => {
        const first = timestampMs[0] ?? 0;
        underWay += 1;
        await new Promise((resolve) => setImmediate(resolve));
        if (failures === 0 && first === 0) {
          underWayAtRetry = underWay;
          waitingAtRetry = writer.status().waiting;
        }
        underWay -= 1;
        if (failures > 0) {
          failures -= 1;
          throw new Error('unavailable');
        }
        taken.push(first);
        return { inserted: count, duplicates: 0 };
      };
      writer.add(rows(40));
      await writer.settled(40);
      assert.deepEqual(taken, order);
      assert.deepEqual([underWayAtRetry, waitingAtRetry], [together, 40]);
      const counts = { stored: 40, duplicates: 0, dropped: 0, waiting: 0, failures: failing };
      assert.deepEqual(writer.status(), { ...counts, last_error: 'unavailable' });
      await writer.stop();
    });
  }

  it('drops the oldest and counts them when too many wait', async () => {
    open({ batchSize: 10, queueLimit: 30 });
    let release = (): void => undefined;
    store.gate = new Promise((resolve) => {
      release = resolve;
    });
    writer.add(rows(100));
    assert.equal(writer.status().dropped, 60);
    release();
    await writer.settled(100);
    assert.deepEqual(store.times, [...numbers(0, 10), ...numbers(70, 100)]);
    const { stored, dropped } = writer.status();
    assert.equal(stored + dropped, 100);
    await writer.stop();
  });

  it('does not sit out the pause after a failure when it stops', async () => {
    open();
    store.failures = 1;
    writer.add(rows(100));
    await until(() => writer.status().failures === 1);
    const stopped = writer.stop();
    await new Promise(setImmediate);
    assert.deepEqual(store.batches, [100]);
    await stopped;
    assert.equal(writer.status().stored, 100);
  });

  it('writes what waits when it stops', async () => {
    open({ delayMs: 1000 });
    writer.add(rows(42));
    await writer.stop();
    assert.equal(store.times.length, 42);
    await writer.settled(1e9);
  });
});
