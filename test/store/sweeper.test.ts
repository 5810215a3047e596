import assert from 'node:assert/strict';
import { systemClock } from '../../common/clock.js';
import { MakaiError } from '../../common/errors.js';
import { createLogger } from '../../common/log.js';
import type { SweepResult } from '../../store/documents.js';
import type { Store } from '../../store/store.js';
import { startSweeper } from '../../store/sweeper.js';
import { all, columnsOf } from './contract/given.js';
import { openWritable } from './writable.js';

const NOTHING: SweepResult = {
  measurements: 0,
  trends: 0,
  aggregates: 0,
  events: 0,
  incidents: 0,
  orphans: 0,
};

/** A time of day that can be set, and a steady clock that cannot. */
function givenClock() {
  let [steady, ahead] = [5000, 0];
  return {
    ...systemClock,
    now: () => 1_795_315_500_000 + steady + ahead,
    monotonic: () => steady,
    pass: (ms: number): void => {
      steady += ms;
    },
    /** as somebody sets the machine's clock */
    set: (aheadMs: number): void => {
      ahead = aheadMs;
    },
  };
}

/** The store, and its sweeps as they end. */
function givenSweeps(store: Pick<Store, 'sweep' | 'serverTimeMs'>) {
  let wake = (): void => undefined;
  const sweeps = {
    deleted: 0,
    next: () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      }),
    store: {
      serverTimeMs: async () => store.serverTimeMs?.(),
      sweep: async (nowMs: number, signal?: AbortSignal) => {
        const swept = await store.sweep(nowMs, signal);
        sweeps.deleted += swept.measurements;
        wake();
        return swept;
      },
    },
  };
  return sweeps;
}

describe('store: the sweeper', () => {
  it('deletes what has expired, again and again, until it is stopped', async () => {
    const clock = givenClock();
    const store = await openWritable(':memory:', {
      retention: { mode: 'ttl', measurementsSeconds: 60 },
      now: clock.now,
    });
    await store.insertMeasurements(columnsOf([{ box: 1, at: clock.now(), metrics: { f: 60 } }]));
    const sweeper = startSweeper(store, createLogger('test', 'silent'), { everyMs: 1, clock });
    clock.pass(61_000);
    while ((await all(store.measurements('1'))).length > 0)
      await new Promise((resolve) => setTimeout(resolve, 2));
    await sweeper.stop();
    await store.close();
  });

  it('deletes nothing that is not due while the clock is two days ahead; what is due goes', async () => {
    const clock = givenClock();
    const store = await openWritable(':memory:', {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
      now: clock.now,
    });
    const insert = (box: number, acceptedAtMs: number) =>
      store.insertMeasurements(columnsOf([{ box, at: clock.now(), metrics: { f: 60 } }]), { acceptedAtMs });
    await insert(1, clock.now());
    await insert(2, clock.now() - 86_390_000);
    const sweeps = givenSweeps(store);
    const sweeper = startSweeper(sweeps.store, createLogger('test', 'silent'), { everyMs: 1, clock });
    clock.set(2 * 86_400_000);
    clock.pass(60_000);
    while (sweeps.deleted < 1) await sweeps.next();
    await sweeps.next();
    await sweeper.stop();
    assert.equal((await all(store.measurements('1'))).length, 1);
    assert.equal((await all(store.measurements('2'))).length, 0);
    await store.close();
  });

  it("goes by the server's time where that is earlier", async () => {
    const clock = givenClock();
    const asked: number[] = [];
    const serverTimes = [clock.now() - 1000, clock.now() + 1000, undefined];
    const sweeps = givenSweeps({
      sweep: async (nowMs) => {
        asked.push(nowMs - clock.now());
        return NOTHING;
      },
      serverTimeMs: async () => serverTimes.shift(),
    });
    const sweeper = startSweeper(sweeps.store, createLogger('test', 'silent'), { everyMs: 1, clock });
    while (asked.length < 3) await sweeps.next();
    await sweeper.stop();
    assert.deepEqual(asked.slice(0, 3), [-1000, 0, 0]);
  });

  it('a stop ends a sweep that has much to delete', async () => {
    const clock = givenClock();
    const store = await openWritable(':memory:', { retention: { mode: 'ttl', measurementsSeconds: 60 } });
    const samples = Array.from({ length: 9000 }, (_, i) => ({ box: i % 50, at: 1_000_000 + i }));
    await store.insertMeasurements(columnsOf(samples), { acceptedAtMs: 1_000_000 });
    const stopping = new AbortController();
    const sweeping = store.sweep(clock.now(), stopping.signal);
    stopping.abort();
    const { measurements } = await sweeping;
    assert.ok(measurements < 9000, `${measurements} deleted after the stop`);
    assert.equal((await store.sweep(clock.now())).measurements, 9000 - measurements);
    await store.close();
  });

  it('a stop reaches the sweep under way', async () => {
    let begun = (): void => undefined;
    const sweeping = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const sweep = (_nowMs: number, signal?: AbortSignal): Promise<SweepResult> =>
      new Promise((resolve) => {
        signal?.addEventListener('abort', () => resolve(NOTHING));
        begun();
      });
    const sweeper = startSweeper({ sweep }, createLogger('test', 'silent'), { everyMs: 1 });
    await sweeping;
    await sweeper.stop();
  });

  it('goes on after a failure and logs it, unless the store is merely unavailable', async () => {
    const logged: string[] = [];
    const log = createLogger('test', 'warn', { write: (line) => logged.push(line) });
    let sweeps = 0;
    const errors = [new MakaiError('STORE_UNAVAILABLE', 'away'), new MakaiError('STORE_REFUSED', 'odd')];
    let went = (): void => undefined;
    const again = new Promise<void>((resolve) => {
      went = resolve;
    });
    const sweep = async (): Promise<SweepResult> => {
      const error = errors[sweeps];
      sweeps += 1;
      if (error !== undefined) throw error;
      went();
      return NOTHING;
    };
    const sweeper = startSweeper({ sweep }, log, { everyMs: 1 });
    await again;
    await sweeper.stop();
    assert.equal(logged.length, 1);
    assert.match(logged[0] ?? '', /STORE_REFUSED/);
  });
});
