import assert from 'node:assert/strict';
import { MakaiError } from '../../common/errors.js';
import { createLogger } from '../../common/log.js';
import { openSqliteStore } from '../../store/sqlite/index.js';
import type { SweepResult } from '../../store/store.js';
import { startSweeper } from '../../store/sweeper.js';
import { all, columnsOf } from './contract/given.js';

describe('store: the sweeper', () => {
  it('deletes what has expired, again and again, until it is stopped', async () => {
    const clock = { ms: 1_795_315_500_000 };
    const store = await openSqliteStore(':memory:', {
      retention: { mode: 'ttl', measurementsSeconds: 60 },
      now: () => clock.ms,
    });
    await store.insertMeasurements(columnsOf([{ box: 1, at: clock.ms, metrics: { f: 60 } }]));
    const sweeper = startSweeper(store, createLogger('test', 'silent'), 1, () => clock.ms);
    clock.ms += 61_000;
    while ((await all(store.measurements('1'))).length > 0)
      await new Promise((resolve) => setTimeout(resolve, 2));
    await sweeper.stop();
    await store.close();
  });

  it('goes on after a failure and tells it, unless the store is merely away', async () => {
    const told: string[] = [];
    const log = createLogger('test', 'warn', { write: (line) => told.push(line) });
    const nothing: SweepResult = { measurements: 0, trends: 0, events: 0, orphans: 0 };
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
      return nothing;
    };
    const sweeper = startSweeper({ sweep }, log, 1);
    await again;
    await sweeper.stop();
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /STORE_REFUSED/);
  });
});
