/** Threads that read waveforms from the store and write incidents themselves, each over a connection of its own. */
import assert from 'node:assert/strict';
import { rename, rm } from 'node:fs/promises';
import { analysesInThreads } from '../../analysis-service/waveforms/analyses.js';
import { AnalysisPool } from '../../analysis-service/waveforms/pool.js';
import { systemClock } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { IncidentDocument } from '../../store/store.js';
import { all } from '../store/contract/given.js';
import { CALIBRATION, givenAnalysis, START, storeWaveform, waveform } from './given.js';

const SAG = { fromS: 0.3, toS: 0.48, pu: 0.72 };
const REFERENCE = { voltage: 120, frequency: 60 };
const BOXES = Array.from({ length: 12 }, (_, i) => String(i + 1));

describe('analysis-service: threads on the store', function () {
  this.timeout(120_000);
  const given = givenAnalysis();
  let pools: AnalysisPool[] = [];

  /** Its threads work on the store of the test. */
  function pool(size = 2): AnalysisPool {
    const { file: store } = given().store;
    assert.ok(store);
    const made = new AnalysisPool(size, systemClock, { store, reference: REFERENCE });
    pools.push(made);
    return made;
  }

  afterEach(async () => {
    for (const one of pools) await one.stop();
    pools = [];
  });

  it('find what the main thread finds, and say it once it is stored', async () => {
    const { analysed, follower, store } = given();
    await storeWaveform(store, 1, '1', waveform(1, [SAG]));
    await storeWaveform(store, 2, '1', waveform(1, [SAG]), START + 60_000);
    const { run } = analysesInThreads(pool());
    const said: IncidentDocument[] = [];
    await run(1, ['1', '5'], ({ added, boxId, incidents, remarks }) => {
      assert.deepEqual(added, incidents);
      assert.deepEqual(remarks, boxId === '5' ? ['the box event is gone'] : []);
      said.push(...incidents);
    });
    assert.deepEqual(said, await all(store.incidents()));
    assert.ok((await store.waveform('incident_1'))?.length);
    follower().start();
    const [first, second] = (await analysed()).map(
      ({ start_timestamp_ms: startMs, end_timestamp_ms: endMs, ...rest }) => ({
        ...{ lengthMs: endMs - startMs, class: rest.classifications, deviation: rest.deviation_from_nominal },
        ...{
          location: rest.location,
          itic: rest.metadata.itic,
          calibration: rest.metadata.calibration_constant,
        },
      }),
    );
    assert.deepEqual(first, second);
    assert.equal(first?.calibration, CALIBRATION);
  });

  it('of the same sag in many events one counts, whichever thread is first', async () => {
    const { analysed, follower, store } = given();
    for (let id = 1; id <= 40; id += 1) await storeWaveform(store, id, '1', waveform(0.6, [SAG]));
    const one = follower({ analyses: analysesInThreads(pool(3)), atOnce: 6 });
    one.start();
    const incidents = await analysed();
    assert.equal(incidents.length, 40);
    assert.equal(new Set(incidents.map(({ incident_id }) => incident_id)).size, 40);
    assert.equal(incidents.filter(({ metadata }) => metadata.same_as === undefined).length, 1);
    await one.stop();
    assert.deepEqual([one.status().waveforms, one.status().incidents], [40, 40]);
  });

  it('threads of two services double nothing; large events are several jobs', async () => {
    const { analysed, follower, store } = given();
    for (const boxId of BOXES)
      await store.putBox({ box_id: boxId, calibration_constant: CALIBRATION, unplugged: false });
    for (let id = 1; id <= 3; id += 1)
      for (const boxId of BOXES)
        await storeWaveform(store, id, boxId, waveform(0.6, [SAG]), START + 5000 * id);
    follower({ analyses: analysesInThreads(pool()) }).start();
    follower({ analyses: analysesInThreads(pool()) }).start();
    const incidents = await analysed();
    assert.equal(incidents.length, 36);
    assert.equal(new Set(incidents.map((one) => `${one.event_id} ${one.box_id}`)).size, 36);
  });

  it('what is known of the clocks of boxes is in the incidents', async () => {
    const { store } = given();
    await storeWaveform(store, 1, '1', waveform(1, [SAG]));
    const clock = { offsetMs: 900, uncertaintyMs: 20, measuredMs: START };
    const { run } = analysesInThreads(pool(), { measured: () => clock });
    await run(1, ['1'], () => undefined);
    const [incident] = await all(store.incidents());
    assert.deepEqual(
      [incident?.metadata.clock_offset_ms, incident?.metadata.clock_uncertainty_ms],
      [900, 20],
    );
  });

  it('a store that is gone is an outage; once it is back all is analysed', async () => {
    const { analysed, file, follower, store } = given();
    const analyses = analysesInThreads(pool());
    await storeWaveform(store, 1, '1', waveform(1, [SAG]));
    await storeWaveform(store, 2, '1', waveform(1, [SAG]), START + 60_000);
    await analyses.run(1, ['1'], () => undefined);
    await rename(file, `${file}.away`);
    await assert.rejects(
      analyses.run(2, ['1'], () => undefined),
      (error) => codeOf(error) === 'STORE_UNAVAILABLE',
    );
    // What a thread made meanwhile would be no outage.
    await rm(file, { force: true });
    await rename(`${file}.away`, file);
    follower({ analyses }).start();
    assert.equal((await analysed()).length, 2);
  });
});
