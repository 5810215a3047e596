/** What keeps a store below `store_max_bytes`: announced, deleted, counted, and when it says what. */
import assert from 'node:assert/strict';
import { createLogger } from '../../common/log.js';
import { Metrics } from '../../common/metrics/metrics.js';
import { VERSION } from '../../common/version.js';
import { Growth } from '../../store/growth.js';
import { addSizeMetrics, SizeLimit } from '../../store/size-limit.js';
import type { HealthDocument } from '../../store/store.js';
import type { Write } from '../../store/writes.js';
import { ManualClock } from '../acquisition-broker/manual-clock.js';
import { all, boxEvent, columnsOf, counts, newEvent } from './contract/given.js';
import { openWritable } from './writable.js';

const HOUR_MS = 3_600_000;
const MB = 1_000_000;

/** A store that says how much it holds, with waveforms of 1 MB; for time, which a real one does not have. */
function givenLimit(maxBytes: number, used = 0) {
  const store = {
    used,
    waveforms: 0,
    failure: undefined as Error | undefined,
    failsAfter: Number.POSITIVE_INFINITY,
  };
  const clock = new ManualClock();
  const logged: string[] = [];
  const findings: HealthDocument[] = [];
  const log = createLogger('test', 'info', { write: (line) => logged.push(line) });
  const limit = new SizeLimit({
    ...{ maxBytes, log, clock },
    outbox: {
      put: async (write: Write) => {
        if (write.kind === 'health') findings.push(write.finding);
        return { inserted: 1, duplicates: 0 };
      },
    },
    store: {
      usedBytes: async () => {
        if (store.failure !== undefined) throw store.failure;
        return store.used;
      },
      deleteOldestWaveforms: async (bytes) => {
        if (store.failsAfter <= 0) throw Object.assign(new Error('away'), { code: 'STORE_UNAVAILABLE' });
        const waveforms = Math.min(store.waveforms, 10, Math.ceil(bytes / MB));
        store.failsAfter -= waveforms;
        store.waveforms -= waveforms;
        store.used -= waveforms * MB;
        return { events: waveforms, waveforms, bytes: waveforms * MB };
      },
    },
  });
  limit.start();
  const turns = async (): Promise<void> => {
    for (let i = 0; i < 40; i += 1) await Promise.resolve();
  };
  /** Lets minutes pass, each with a look at the size. */
  const pass = async (ms: number, bytesPerHour = 0): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 60_000) {
      store.used += bytesPerHour / 60;
      store.waveforms += bytesPerHour / 60 / MB;
      clock.advance(60_000);
      await turns();
    }
  };
  return { store, clock, logged, findings, limit, pass, turns };
}

describe('store: the limit of its size', () => {
  it('says a day before that waveforms will be deleted, then deletes the oldest, then says that it is over', async () => {
    const { findings, limit, logged, pass, store, turns } = givenLimit(100 * MB);
    await turns();
    await pass(HOUR_MS - 60_000, MB);
    assert.equal(limit.status().full_in_hours, undefined);
    await pass(60_000, MB);
    // 99 hours away.
    assert.equal(limit.status().state, 'below');
    const { bytes_per_day } = limit.status();
    assert.ok(Math.abs((bytes_per_day ?? 0) - 24 * MB) < 0.1 * MB, String(bytes_per_day));
    await pass(73 * HOUR_MS, MB);
    // At the start it says how it is: it may be the end of what was said before.
    assert.deepEqual(
      [limit.status().state, findings.splice(0).map(({ status }) => status)],
      ['below', ['UP']],
    );
    await pass(2 * HOUR_MS, MB);
    assert.equal(limit.status().state, 'near');
    assert.match(
      findings[0]?.info ?? '',
      /^the store holds 76\.\d of 100\.0 MB .* in (24|23\.\d) hours the waveforms/,
    );
    assert.deepEqual([findings.length, findings[0]?.status, findings[0]?.service], [1, 'DOWN', 'MAKAI']);
    assert.equal(logged.length, 2);
    await pass(26 * HOUR_MS, MB);
    assert.equal(limit.status().state, 'reached');
    assert.ok(limit.status().deleted.waveforms >= 1, JSON.stringify(limit.status()));
    assert.ok(store.used <= 100 * MB + 1, String(store.used));
    assert.match(findings[1]?.info ?? '', /the waveforms of the oldest events .* are deleted/);
    const metrics = new Metrics('acquisition-broker', VERSION);
    addSizeMetrics(metrics, () => limit.status());
    const body = await metrics.exposition();
    metrics.stop();
    assert.match(body, /^makai_store_max_bytes 100000000$/m);
    assert.match(
      body,
      new RegExp(`^makai_store_waveforms_deleted_total ${limit.status().deleted.waveforms}$`, 'm'),
    );
    // A retention that was made shorter: far below, and not growing.
    store.used = 20 * MB;
    await pass(40 * HOUR_MS);
    assert.equal(limit.status().state, 'below');
    assert.deepEqual(
      findings.map(({ status }) => status),
      ['DOWN', 'DOWN', 'UP'],
    );
    await limit.stop();
  });

  it('does not flap while the growth is about that of a day', async () => {
    const { findings, limit, pass } = givenLimit(100 * MB);
    for (let i = 0; i < 40; i += 1) await pass(HOUR_MS, (i % 2 === 0 ? 1.2 : 0.8) * 3.2 * MB);
    assert.deepEqual(
      findings.map(({ status }) => status),
      ['UP', 'DOWN', 'DOWN'],
    );
    await limit.stop();
  });

  it('that is new, and less than the store holds, deletes nothing for a day', async () => {
    const { findings, limit, logged, pass, store, turns } = givenLimit(100 * MB, 150 * MB);
    store.waveforms = 140;
    await turns();
    assert.equal(limit.status().state, 'near');
    assert.equal(limit.status().full_in_hours, 24);
    assert.match(
      findings[0]?.info ?? '',
      /^the store holds 150\.0 of 100\.0 MB \(store_max_bytes\): in 24 hours the waveforms .* begin to be deleted$/,
    );
    assert.equal(logged.length, 1);
    await pass(24 * HOUR_MS - 60_000);
    assert.deepEqual([limit.status().state, limit.status().deleted.waveforms], ['near', 0]);
    await pass(60_000);
    assert.deepEqual([limit.status().state, limit.status().deleted.waveforms], ['reached', 50]);
    await limit.stop();
  });

  it('counts and logs what was deleted before the store failed', async () => {
    const { limit, logged, pass, store, turns } = givenLimit(100 * MB);
    await turns();
    logged.splice(0);
    store.used = 130 * MB;
    store.waveforms = 30;
    store.failsAfter = 10;
    await pass(60_000);
    assert.equal(limit.status().deleted.waveforms, 10);
    assert.match(logged.join(''), /"waveforms":10,.*were deleted/);
    await limit.stop();
  });

  it('says when nothing is left that may be deleted', async () => {
    const { findings, limit, pass, store, turns } = givenLimit(100 * MB);
    store.used = 130 * MB;
    store.waveforms = 20;
    await turns();
    assert.deepEqual(limit.status().deleted, { events: 0, waveforms: 0, bytes: 0 });
    await pass(60_000);
    assert.deepEqual([limit.status().state, limit.status().deleted.waveforms], ['exceeded', 20]);
    assert.match(findings.at(-1)?.info ?? '', /there is no waveform left that may be deleted/);
    await limit.stop();
  });

  it('a size that cannot be looked at is logged, and looked at again; a store that is unavailable is not', async () => {
    const { limit, logged, pass, store } = givenLimit(100 * MB);
    store.failure = Object.assign(new Error('away'), { code: 'STORE_UNAVAILABLE' });
    await pass(60_000);
    assert.deepEqual(logged.splice(0).length, 1, 'how it was at the start');
    store.failure = new Error('odd');
    await pass(60_000);
    assert.match(logged[0] ?? '', /odd/);
    store.failure = undefined;
    store.used = 7 * MB;
    await pass(60_000);
    assert.equal(limit.status().used_bytes, 7 * MB);
    await limit.stop();
  });

  it('keeps a real store below the limit, with a file that is not larger than that', async () => {
    const store = await openWritable(':memory:', { retention: { mode: 'ttl', measurementsSeconds: 86_400 } });
    const now = Date.now();
    await store.insertMeasurements(columnsOf([{ box: 1001, at: now, metrics: { rms: 120 } }]));
    const maxBytes = 1_048_576;
    const { log, outbox } = {
      log: createLogger('test', 'silent'),
      outbox: { put: async () => ({ inserted: 1, duplicates: 0 }) },
    };
    const limit = new SizeLimit({ ...{ store, maxBytes, log, outbox }, everyMs: 1 }).start();
    while (limit.status().used_bytes === undefined) await new Promise((resolve) => setTimeout(resolve, 2));
    for (let id = 1; id <= 60; id += 1) {
      await store.insertEvent(newEvent(id, now + id));
      await store.putBoxEvent(boxEvent(id, '1001', now + id), counts(12_000, id), now);
    }
    for (const id of [2, 60]) await store.keepEvent(id, true);
    while (limit.status().state === 'below') await new Promise((resolve) => setTimeout(resolve, 2));
    await limit.stop();
    assert.ok((await store.usedBytes()) <= maxBytes, String(await store.usedBytes()));
    const withWaveform: number[] = [];
    for (let id = 1; id <= 60; id += 1) if ((await store.boxEvents(id)).length > 0) withWaveform.push(id);
    const newest = withWaveform.slice(1);
    assert.equal(withWaveform[0], 2);
    // The newest without a gap, and more than half of what the limit has space for.
    assert.deepEqual(
      newest,
      Array.from(newest, (_, i) => 61 - newest.length + i),
    );
    assert.ok(newest.length > 20, String(newest.length));
    assert.equal((await all(store.events())).length, 60);
    await store.close();
  });
});

describe('store: its growth', () => {
  it('is that of the last six hours, and unknown in the first', () => {
    const growth = new Growth();
    assert.equal(growth.look(0, 0), undefined);
    assert.equal(growth.look(HOUR_MS - 1, 500), undefined);
    assert.equal(growth.look(HOUR_MS, 3_600_000), 1);
    for (let hour = 2; hour <= 10; hour += 1) growth.look(hour * HOUR_MS, HOUR_MS);
    assert.equal(growth.look(11 * HOUR_MS, HOUR_MS), 0);
  });
});
