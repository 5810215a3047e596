/** The follower where time must pass or much is read: order, outages, growing pauses, large events. */
import assert from 'node:assert/strict';
import { MakaiError } from '../../common/errors.js';
import { STORE_IDS } from '../../daemon/incident-ids.js';
import type { IncidentWithSamples } from '../../store/store.js';
import { intercepted } from '../store/writable.js';
import { givenAnalysis, START, storeWaveform, waveform } from './given.js';

describe('analysis-service: the follower, for seconds', function () {
  this.timeout(120_000);
  const given = givenAnalysis();

  it('in order of arrival, each once, whatever was there before and comes later', async () => {
    const { analysed, follower, store } = given();
    const samples = waveform(0.6, [{ fromS: 0.2, toS: 0.3, pu: 0.5 }]);
    for (let id = 1; id <= 12; id += 1) await storeWaveform(store, id, '1', samples, START + 5000 * id);
    const first = follower();
    first.start();
    for (let id = 13; id <= 20; id += 1) await storeWaveform(store, id, '1', samples, START + 5000 * id);
    const incidents = await analysed();
    assert.equal(incidents.length, 20);
    assert.deepEqual(
      incidents.map((one) => one.event_id),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    assert.equal(new Set(incidents.map((one) => one.incident_id)).size, 20);
    await first.stop();
    follower().start();
    await storeWaveform(store, 21, '1', samples, START + 105_000);
    assert.equal((await analysed()).length, 21);
  });

  it('an outage of the store, in the middle of reading or writing, costs time only', async () => {
    const { analysed, follower, store } = given();
    let [reads, writes] = [0, 0];
    const unavailable = (): MakaiError => new MakaiError('STORE_UNAVAILABLE', 'not now');
    const flaky = {
      ...intercepted(store, () => {
        writes += 1;
        if (writes % 2 === 1) throw unavailable();
      }),
      waitingWaveforms: async (limit: number) => {
        reads += 1;
        if (reads % 3 === 1) throw unavailable();
        return store.waitingWaveforms(limit);
      },
    };
    const samples = waveform(0.6, [{ fromS: 0.2, toS: 0.3, pu: 0.5 }]);
    for (let id = 1; id <= 2; id += 1) await storeWaveform(store, id, '1', samples, START + 5000 * id);
    const one = follower({ store: flaky });
    one.start();
    assert.equal((await analysed()).length, 2);
    assert.ok(one.status().failures >= 2);
  });

  it('while jobs fail, they are tried with growing pauses, whatever wakes it', async () => {
    const { analysed, follower, store } = given();
    const triedMs: number[] = [];
    const ids = {
      ...STORE_IDS,
      number: async (findings: readonly IncidentWithSamples[]) => {
        triedMs.push(performance.now());
        if (triedMs.length <= 3) throw new MakaiError('TIMEOUT', 'no reply');
        return findings;
      },
    };
    await storeWaveform(store, 1, '1', waveform(0.6, [{ fromS: 0.2, toS: 0.3, pu: 0.5 }]));
    const one = follower({ ids });
    one.start();
    const waking = setInterval(() => one.wake(), 20);
    assert.equal((await analysed()).length, 1);
    clearInterval(waking);
    const pauses = triedMs.slice(1).map((ms, i) => ms - (triedMs[i] ?? 0));
    assert.equal(pauses.length, 3);
    for (const [i, minMs] of [250, 500, 1000].entries())
      assert.ok((pauses[i] ?? 0) >= minMs - 5, `pauses of ${pauses.map(Math.round)} ms`);
  });

  it('of a sag that two waveforms cut off, one at each end, the whole one counts, though it comes last', async () => {
    const { analysed, follower, store } = given();
    const whole = waveform(2, [{ fromS: 0.5, toS: 1.6, pu: 0.6 }]);
    await storeWaveform(store, 1, '1', whole.slice(0, 9600));
    await storeWaveform(store, 2, '1', whole.slice(16_800), START + 1400);
    follower().start();
    assert.equal((await analysed()).length, 2);
    await storeWaveform(store, 3, '1', whole);
    const incidents = (await analysed()).toSorted((a, b) => a.event_id - b.event_id);
    const id = incidents[2]?.incident_id;
    assert.deepEqual(
      incidents.map((one) => one.metadata.same_as),
      [id, id, undefined],
    );
  });

  it('reads some megabytes of one event at a time; what is stored is announced, whatever comes after', async () => {
    const { analysed, follower, pool, store } = given();
    const boxes = ['1', '2', '3'];
    for (const boxId of boxes) await storeWaveform(store, 1, boxId, new Int16Array(1_200_000));
    const jobs: number[] = [];
    const announced: string[] = [];
    const watching = {
      run: async (job: Parameters<typeof pool.run>[0]) => {
        jobs.push(job.waveforms.length);
        if (jobs.length === 2) throw new MakaiError('WORKER_EXITED', 'out of memory');
        return job.waveforms.map(() => ({ found: [], remarks: [] }));
      },
    };
    const one = follower({ pool: watching, onAnalysed: (_, { boxId }) => announced.push(boxId) });
    one.start();
    await analysed();
    await one.stop();
    assert.deepEqual([jobs, announced.toSorted()], [[2, 1, 1], boxes]);
  });
});
