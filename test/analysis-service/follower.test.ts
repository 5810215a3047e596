import assert from 'node:assert/strict';
import type { WaveformResult } from '../../analysis-service/index.js';
import { MakaiError } from '../../common/errors.js';
import type { Write } from '../../store/writes.js';
import { bytesOf } from '../store/contract/given.js';
import { intercepted } from '../store/writable.js';
import { CALIBRATION, givenAnalysis, START, storeWaveform, waveform } from './given.js';

const SAG = { fromS: 0.3, toS: 0.48, pu: 0.72 };

describe('analysis-service: the follower', function () {
  this.timeout(120_000);
  const given = givenAnalysis();

  it('a stored sag becomes one incident, with its samples, measurements and reference', async () => {
    const { analysed, follower, store } = given();
    const samples = waveform(1, [SAG]);
    await storeWaveform(store, 7, '1', samples);
    const announced: WaveformResult[] = [];
    follower({ onAnalysed: (_, result) => announced.push(result) }).start();
    const [incident, ...others] = await analysed();
    assert.deepEqual(others, []);
    assert.ok(incident);
    assert.deepEqual(
      {
        ...{ id: incident.incident_id, event: incident.event_id, box: incident.box_id },
        ...{ type: incident.measurement_type, location: incident.location, source: incident.source },
        ...{ duration: incident.ieee_duration, file: incident.gridfs_filename },
      },
      {
        ...{ id: 1, event: 7, box: '1', type: 'VOLTAGE', location: 'lab', source: 'makai' },
        ...{ duration: 'INSTANTANEOUS', file: 'incident_1' },
      },
    );
    assert.deepEqual(incident.classifications, ['VOLTAGE_SAG']);
    assert.ok(Math.abs(incident.deviation_from_nominal + 33.6) < 0.1);
    assert.ok(Math.abs(incident.start_timestamp_ms - (START + 300)) <= 9);
    assert.ok(Math.abs(incident.end_timestamp_ms - (START + 480)) <= 9);
    // The samples of the span and 1 ms more on each side, as they were stored.
    const cut = await store.waveform('incident_1');
    const length = (cut?.length ?? 0) / 2;
    assert.ok(Math.abs(length - (180 + 2) * 12) < 130, `${length} samples`);
    assert.ok(cut && bytesOf(samples).includes(cut));
    assert.deepEqual(
      announced.flatMap((one) => one.added.map((added) => added.incident_id)),
      [1],
    );
    assert.deepEqual(announced[0]?.incidents, [incident]);
    assert.deepEqual((await store.analysis(7, '1'))?.remarks, []);
  });

  it('two services on one store do not double anything', async () => {
    const { analysed, follower, store } = given();
    const samples = waveform(0.6, [{ fromS: 0.2, toS: 0.3, pu: 0.5 }]);
    for (let id = 1; id <= 15; id += 1) await storeWaveform(store, id, '1', samples, START + 5000 * id);
    follower().start();
    follower().start();
    assert.equal((await analysed()).length, 15);
  });

  it('a write that was done although it failed is not done twice', async () => {
    const { analysed, follower, store } = given();
    let lost = 0;
    const losing = {
      ...store,
      apply: async (write: Write) => {
        const stored = await store.apply(write);
        if (write.kind !== 'analysis' || lost > 0) return stored;
        lost += 1;
        throw new MakaiError('STORE_UNAVAILABLE', 'the reply is lost');
      },
    };
    await storeWaveform(store, 1, '1', waveform(1, [SAG]));
    follower({ store: losing }).start();
    assert.equal((await analysed()).length, 1);
    assert.equal(lost, 1);
  });

  it('the same sag in the waveforms of two events: one counts, the other names it', async () => {
    const { analysed, follower, store } = given();
    await storeWaveform(store, 1, '1', waveform(1, [SAG]));
    await storeWaveform(store, 2, '1', waveform(1, [SAG]));
    // A third request ended in the middle of it.
    await storeWaveform(store, 3, '1', waveform(0.4, [SAG]));
    follower().start();
    const incidents = (await analysed()).toSorted((a, b) => a.incident_id - b.incident_id);
    assert.deepEqual(
      incidents.map((one) => one.metadata.same_as),
      [undefined, 1, 1],
    );
  });

  it('of a sag that the first waveform cut off, the whole one counts', async () => {
    const { analysed, follower, store } = given();
    await storeWaveform(store, 1, '1', waveform(0.4, [SAG]));
    await storeWaveform(store, 2, '1', waveform(1, [SAG]));
    follower().start();
    const incidents = (await analysed()).toSorted((a, b) => a.event_id - b.event_id);
    assert.deepEqual(
      incidents.map((one) => one.metadata.same_as),
      [incidents[1]?.incident_id, undefined],
    );
  });

  it('two waveforms that cut a sag off, one behind the other, are one disturbance', async () => {
    const { analysed, follower, store } = given();
    const whole = waveform(2, [{ fromS: 0.5, toS: 1.4, pu: 0.6 }]);
    await storeWaveform(store, 1, '1', whole.slice(0, 12_000));
    await storeWaveform(store, 2, '1', whole.slice(12_000), START + 1000);
    follower().start();
    const incidents = (await analysed()).toSorted((a, b) => a.event_id - b.event_id);
    assert.deepEqual(
      incidents.map((one) => one.metadata.same_as),
      [undefined, incidents[0]?.incident_id],
    );
  });

  it('what cannot be judged is a word in the analysis, and the next one is analysed', async () => {
    const { analysed, follower, store } = given();
    await store.putBox({ box_id: '2', calibration_constant: 1, unplugged: false });
    await storeWaveform(store, 1, '1', new Int16Array());
    await storeWaveform(store, 2, '1', new Int16Array(150).fill(3));
    await storeWaveform(store, 3, '1', new Int16Array(12_000).fill(9000));
    await storeWaveform(
      store,
      4,
      '1',
      waveform(1, [SAG]).map((x) => Math.max(-9000, Math.min(9000, x))),
    );
    await storeWaveform(store, 5, '2', waveform(1, [SAG]));
    await storeWaveform(store, 6, '99', waveform(1, [SAG]));
    const gaps = waveform(1, [SAG]);
    await store.insertEvent({
      ...{ event_id: 7, type: 'OTHER', description: '', boxes_triggered: ['1'], percent_magnitude: 0 },
      ...{ target_event_start_timestamp_ms: START, target_event_end_timestamp_ms: START + 9000 },
    });
    await store.putBoxEvent(
      {
        ...{ event_id: 7, box_id: '1', location: 'lab', data_fs_filename: 'event_7_1' },
        ...{ event_start_timestamp_ms: START, event_end_timestamp_ms: START + 9000 },
        window_timestamps_ms: Array.from(
          { length: 60 },
          (_, i) => START + Math.round((i * 1000) / 60) + (i > 30 ? 4000 : 0),
        ),
      },
      gaps,
      START,
    );
    await storeWaveform(store, 8, '1', waveform(1, [SAG]), START + 60_000);
    const one = follower();
    one.start();
    const incidents = await analysed();
    const remarks = async (id: number, box = '1') => (await store.analysis(id, box))?.remarks.join('; ');
    assert.match((await remarks(1)) ?? '', /empty/);
    assert.match((await remarks(2)) ?? '', /constant|shorter/);
    assert.match((await remarks(3)) ?? '', /constant/);
    assert.match((await remarks(4)) ?? '', /clipped|flat/i);
    assert.match((await remarks(5, '2')) ?? '', /calibration/);
    assert.match((await remarks(6, '99')) ?? '', /not recorded/);
    assert.match((await remarks(7)) ?? '', /gap/);
    assert.ok(incidents.some((incident) => incident.event_id === 8));
    assert.equal(one.status().held, 0);
  });

  it('a waveform whose analysis ends its thread is a remark; the others of its event are analysed', async () => {
    const { analysed, follower, pool, store } = given();
    await store.putBox({ box_id: '2', calibration_constant: CALIBRATION, unplugged: false });
    await storeWaveform(store, 1, '1', waveform(1, [SAG]));
    await storeWaveform(store, 1, '2', waveform(0.5, [SAG]));
    const deadly = {
      run: async (job: Parameters<typeof pool.run>[0]) => {
        if (job.waveforms.some(({ samples }) => samples.length === 6000))
          throw new MakaiError('WORKER_EXITED', 'out of memory');
        return pool.run(job);
      },
    };
    follower({ pool: deadly }).start();
    const incidents = await analysed();
    assert.deepEqual(
      incidents.map((one) => one.box_id),
      ['1'],
    );
    assert.match((await store.analysis(1, '2'))?.remarks.join() ?? '', /out of memory/);
  });

  it('a waveform whose thread ended once is analysed all the same', async () => {
    const { analysed, follower, pool, store } = given();
    await storeWaveform(store, 1, '1', waveform(0.5, [SAG]));
    let tries = 0;
    const once = {
      run: async (job: Parameters<typeof pool.run>[0]) => {
        tries += 1;
        if (tries === 1) throw new MakaiError('WORKER_EXITED', 'out of memory');
        return pool.run(job);
      },
    };
    follower({ pool: once }).start();
    assert.equal((await analysed()).length, 1);
    assert.deepEqual((await store.analysis(1, '1'))?.remarks, []);
    assert.equal(tries, 2);
  });

  it('what the store refuses for good is held back, and the others go on', async () => {
    const { analysed, follower, store } = given();
    const refusing = intercepted(store, (write) => {
      if (write.kind === 'analysis' && write.eventId === 1) throw new MakaiError('STORE_REFUSED', 'poisoned');
    });
    await storeWaveform(store, 1, '1', waveform(1, [SAG]));
    await storeWaveform(store, 2, '1', waveform(1, [SAG]), START + 9000);
    const one = follower({ store: refusing });
    one.start();
    for (let i = 0; i < 600 && (one.status().held === 0 || one.status().waveforms === 0); i += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual([one.status().held, one.status().waveforms], [1, 1]);
    await one.stop();
    follower().start();
    assert.equal((await analysed()).length, 2);
  });
});
