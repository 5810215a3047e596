/** A store on disk, generated waveforms in it, and the analysis service's parts on it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Follower, type FollowerOptions } from '../../analysis-service/waveforms/follower.js';
import { AnalysisPool } from '../../analysis-service/waveforms/pool.js';
import { KnownBoxes } from '../../analysis-service/waveforms/references.js';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { Turns } from '../../common/turn.js';
import { STORE_IDS } from '../../daemon/incident-ids.js';
import type { IncidentDocument, Store } from '../../store/store.js';
import { all, newEvent } from '../store/contract/given.js';
import { openWritable, type Writable, type Writes } from '../store/writable.js';
import { STORE_THREAD } from '../support/store-thread.js';
import { until } from '../support/until.js';

export const RATE = 12_000;
export const CALIBRATION = 146;
export const START = 1_795_315_200_000;

export interface Disturbance {
  fromS: number;
  toS: number;
  /** voltage while it lasts */
  pu: number;
}

/** Counts of a 120 V, 60 Hz sine with sags and swells. */
export function waveform(
  seconds: number,
  disturbances: readonly Disturbance[] = [],
  calibration = CALIBRATION,
): Int16Array {
  return Int16Array.from({ length: Math.round(seconds * RATE) }, (_, i) => {
    const t = i / RATE;
    const pu = disturbances.find(({ fromS, toS }) => t >= fromS && t < toS)?.pu ?? 1;
    return Math.round(calibration * 120 * Math.SQRT2 * pu * Math.sin(2 * Math.PI * 60 * t));
  });
}

/** Stores a waveform whose first sample was taken at `startMs`, and its event where that is not there. */
export async function storeWaveform(
  store: Writes & Pick<Store, 'event'>,
  eventId: number,
  boxId: string,
  samples: Int16Array,
  startMs = START,
): Promise<void> {
  if ((await store.event(eventId)) === undefined)
    await store.insertEvent(newEvent(eventId, startMs, { boxes_triggered: [boxId] }));
  const cycles = Math.floor(samples.length / 200);
  const times = Array.from({ length: cycles }, (_, i) => startMs + Math.round(((i + 1) * 1000) / 60));
  const document = {
    event_id: eventId,
    box_id: boxId,
    event_start_timestamp_ms: times[0] ?? startMs,
    event_end_timestamp_ms: (times.at(-1) ?? startMs) + 16,
    window_timestamps_ms: times,
    location: 'lab',
    data_fs_filename: `event_${eventId}_${boxId}`,
  };
  await store.putBoxEvent(document, samples, startMs);
}

export interface GivenAnalysis {
  store: Writable<Store>;
  file: string;
  pool: AnalysisPool;
  /** a follower that has not been started; stopped after the test */
  follower(options?: Partial<FollowerOptions>): Follower;
  /** waits until nothing waits any more */
  analysed(): Promise<IncidentDocument[]>;
}

/** Call it inside `describe`. */
export function givenAnalysis(): () => GivenAnalysis {
  let given: GivenAnalysis | undefined;
  let directory = '';
  let followers: Follower[] = [];
  // Its threads are started once for all tests of the file.
  const pool = new AnalysisPool(2);
  after(() => pool.stop());
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'makai-analysis-'));
    const file = join(directory, 'makai.db');
    const store = await openWritable(file, {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
      thread: STORE_THREAD,
    });
    await store.putBox({ box_id: '1', calibration_constant: CALIBRATION, unplugged: false, location: 'lab' });
    given = {
      ...{ store, file, pool },
      follower: (options = {}) => {
        const from = options.store ?? store;
        const follower = new Follower({
          store: from,
          pool,
          boxes: new KnownBoxes(from, { voltage: 120, frequency: 60 }, systemClock),
          ...{ ids: STORE_IDS, turns: new Turns(), atOnce: 3, clock: systemClock, log: silentLogger() },
          onAnalysed: () => undefined,
          ...options,
        });
        followers.push(follower);
        return follower;
      },
      analysed: async () => {
        await until('everything is analysed', async () => (await store.countWaitingWaveforms(1)) === 0);
        return all(store.incidents());
      },
    };
  });
  afterEach(async () => {
    for (const follower of followers) await follower.stop();
    followers = [];
    await given?.store.close();
    await rm(directory, { recursive: true });
    given = undefined;
  });
  return () => {
    if (given === undefined) throw new Error('only while a test runs');
    return given;
  };
}
