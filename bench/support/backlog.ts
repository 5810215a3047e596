/**
 * A backlog of events in a SQLite store, and programs that work it off, each a process of its own: `fill FILE EVENTS` stores it, `work-off FILE EVENTS` is the follower with its threads,
 * `serve FILE EVENTS` the whole analysis service. The last line that they print is a `WorkedOff`.
 */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AnalysisPool, KnownBoxes, startAnalysisService } from '../../analysis-service/index.js';
import { analysesInThreads } from '../../analysis-service/waveforms/analyses.js';
import { Follower } from '../../analysis-service/waveforms/follower.js';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { Turns } from '../../common/turn.js';
import { parseSettings } from '../../config/index.js';
import { STORE_IDS } from '../../daemon/incident-ids.js';
import { openFollowerStore } from '../../daemon/store.js';
import { openSqliteStore } from '../../store/sqlite/index.js';
import type { BoxEventDocument, Store } from '../../store/store.js';
import { peakMemory } from '../../test/support/peak-memory.js';
import { CALIBRATION, SECONDS, sag } from './bare-classification.js';

export const BACKLOG_PROGRAM = fileURLToPath(import.meta.url);
export const BOXES = 10;
const START = 1_795_315_200_000;
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
const LOOK_MS = 50;

export interface WorkedOff {
  /** waveforms per second */
  rate: number;
  /** resident, the most at a time */
  memoryMb: number;
  /** resident, after each tenth of the backlog */
  alongMb: number[];
}

async function fill(store: Store, events: number): Promise<void> {
  const samples = sag();
  for (let box = 1; box <= BOXES; box += 1)
    await store.putBox({ box_id: String(box), calibration_constant: CALIBRATION, unplugged: false });
  for (let id = 1; id <= events; id += 1) {
    const startMs = START + 5000 * id;
    const boxIds = Array.from({ length: BOXES }, (_, i) => String(i + 1));
    const window = {
      target_event_start_timestamp_ms: startMs,
      target_event_end_timestamp_ms: startMs + 1000 * SECONDS,
    };
    const event = {
      event_id: id,
      type: 'OTHER',
      description: '',
      boxes_triggered: boxIds,
      percent_magnitude: 0,
    };
    const times = Array.from({ length: 60 * SECONDS }, (_, i) => startMs + Math.round(((i + 1) * 1000) / 60));
    await store.apply({ kind: 'event', event: { ...event, ...window } });
    await Promise.all(
      boxIds.map((box_id) => {
        const boxEvent: BoxEventDocument = {
          ...{ event_id: id, box_id, location: 'lab', data_fs_filename: `event_${id}_${box_id}` },
          ...{ event_start_timestamp_ms: startMs, event_end_timestamp_ms: startMs + 1000 * SECONDS },
          window_timestamps_ms: times,
        };
        return store.apply({ kind: 'box_event', boxEvent, samples, acceptedAtMs: startMs });
      }),
    );
  }
}

async function workOff(store: Store, events: number): Promise<WorkedOff> {
  const reference = { voltage: 120, frequency: 60 };
  const { file } = store;
  const size = Math.min(4, availableParallelism());
  const pool = new AnalysisPool(size, systemClock, file && { store: file, reference });
  const boxes = new KnownBoxes(store, reference, systemClock);
  let analysed = 0;
  const alongMb: number[] = [];
  const start = performance.now();
  await new Promise<void>((resolve) => {
    const follower = new Follower({
      ...{ store, pool, boxes, ids: STORE_IDS, turns: new Turns(), clock: systemClock, log: silentLogger() },
      ...(file === undefined ? {} : { analyses: analysesInThreads(pool) }),
      atOnce: 2 * pool.size,
      onAnalysed: () => {
        analysed += 1;
        if (analysed % events === 0) alongMb.push(residentMb());
        if (analysed === events * BOXES) void follower.stop().then(resolve);
      },
    });
    follower.start();
  });
  const rate = (1000 * analysed) / (performance.now() - start);
  await pool.stop();
  return { rate, memoryMb: peakMemory() / 1024 ** 2, alongMb };
}

/** Until all waveforms are analysed and the incidents of each event are a group. */
async function serve(file: string, events: number): Promise<WorkedOff> {
  const settings = parseSettings('analysis-service', {
    ...{ incident_pub: 'tcp://127.0.0.1:*', status: 'off', store: `sqlite:${file}` },
    zmq_trigger_endpoint: `ipc://${file}.nobody`,
  });
  const service = await startAnalysisService(settings, {
    log: silentLogger(),
    openStore: () => openFollowerStore(settings, silentLogger()),
  });
  const start = performance.now();
  const alongMb: number[] = [];
  const analysed = (): number => {
    const { incidents } = service.status();
    return incidents === 'off' ? Number.NaN : incidents.waveforms;
  };
  while (analysed() < events * BOXES) {
    await sleep(LOOK_MS);
    while (alongMb.length < Math.floor(analysed() / events)) alongMb.push(residentMb());
  }
  const rate = (1000 * analysed()) / (performance.now() - start);
  while (service.status().groups.open > 0) await sleep(LOOK_MS);
  const memoryMb = peakMemory() / 1024 ** 2;
  await service.stop();
  return { rate, memoryMb, alongMb };
}

function residentMb(): number {
  return process.memoryUsage.rss() / 1024 ** 2;
}

if (process.argv[1] === BACKLOG_PROGRAM) {
  const [, , step, file = '', count] = process.argv;
  const events = Number(count);
  if (step === 'serve') print(await serve(file, events));
  else {
    const store = await openSqliteStore(file, { retention: RETENTION });
    if (step === 'fill') await fill(store, events);
    else print(await workOff(store, events));
    await store.close();
  }
}

function print(worked: WorkedOff): void {
  process.stdout.write(`${JSON.stringify(worked)}\n`);
}
