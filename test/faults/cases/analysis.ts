/** kill -9 of the analysis service while waveforms come in: every waveform's incident is stored, once. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../../store/open.js';
import type { IncidentDocument, Store } from '../../../store/store.js';
import { CALIBRATION, START, storeWaveform, waveform } from '../../analysis-service/given.js';
import { seededRandom } from '../../fuzz/random.js';
import { writable } from '../../store/writable.js';
import { startMongo } from '../../support/mongo-server.js';
import { until } from '../../support/until.js';
import type { FaultCase, Outcome } from '../case.js';
import { DaemonProcess } from '../daemon-process.js';
import type { StoreKind } from '../line.js';

const KILLS = 50;
const BOXES = ['1', '2', '3', '4'];
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
/** A new event so often while the service is killed. */
const EVENT_MS = 60;
/** No more events while so many waveforms wait: a busy machine or a slow database is left no backlog of hours at the end. */
const MOST_WAITING = 400;
const SAMPLES = waveform(0.6, [{ fromS: 0.2, toS: 0.3, pu: 0.5 }]);

export const ANALYSIS: readonly FaultCase[] = [
  {
    name: 'kill -9 of the analysis-service',
    stores: ['sqlite', 'mongo'],
    run: (store) => analysisKills(store, KILLS),
  },
];

/** @returns undefined where there is no MongoDB to be had */
export async function analysisKills(kind: StoreKind, kills: number): Promise<Outcome | undefined> {
  const mongo = kind === 'mongo' ? await startMongo() : undefined;
  if (kind === 'mongo' && mongo === undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'makai-analysis-fault-'));
  await mkdir(join(directory, 'log'));
  const url = mongo === undefined ? `sqlite:${join(directory, 'makai.db')}` : `${mongo.uri}/opq`;
  const file = join(directory, 'analysis_service.json');
  const settings = { store: url, status: 'off', incident_pub: 'tcp://127.0.0.1:*', workers: 2 };
  await writeFile(file, JSON.stringify(settings), { mode: 0o600 });
  const logFile = join(directory, 'log', 'analysis-service.log');
  const daemon = new DaemonProcess({ name: 'analysis-service', args: ['analysis-service', file], logFile });
  const store = await openStore(url, { retention: RETENTION });
  const stop = new AbortController();
  let events = 0;
  try {
    for (const box_id of BOXES)
      await store.putBox({ box_id, calibration_constant: CALIBRATION, unplugged: false, location: 'lab' });
    const load = (async () => {
      const to = writable(store);
      while (!stop.signal.aborted) {
        const id = events + 1;
        for (const box of BOXES) await storeWaveform(to, id, box, SAMPLES, START + 2000 * id);
        events = id;
        do await sleep(EVENT_MS);
        while (!stop.signal.aborted && (await store.countWaitingWaveforms(MOST_WAITING)) >= MOST_WAITING);
      }
    })();
    const seed = Date.now() % 2 ** 31;
    const random = seededRandom(seed);
    for (let kill = 0; kill < kills; kill += 1) {
      await daemon.start();
      await sleep(random.below(1200));
      await daemon.kill();
    }
    stop.abort();
    await load;
    await daemon.start();
    const done = async (): Promise<boolean> => (await store.countWaitingWaveforms(1)) === 0;
    await until('everything is analysed', done, 600_000);
    await daemon.stop();
    return await counted(store, events, [
      `killed ${kills} times, ${events} events of ${BOXES.length} boxes, seed ${seed}`,
    ]);
  } finally {
    stop.abort();
    await daemon.kill();
    await store.close();
    await mongo?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function counted(store: Store, events: number, notes: string[]): Promise<Outcome> {
  const found = new Map<string, IncidentDocument[]>();
  const ids = new Set<number>();
  let [stored, withoutSamples] = [0, 0];
  for await (const incident of store.incidents()) {
    stored += 1;
    ids.add(incident.incident_id);
    const key = `${incident.event_id} ${incident.box_id} ${incident.measurement_type}`;
    found.set(key, [...(found.get(key) ?? []), incident]);
    if ((await store.waveform(incident.gridfs_filename)) === undefined) withoutSamples += 1;
  }
  const sent = events * BOXES.length;
  const missing: string[] = [];
  for (let id = 1; id <= events; id += 1)
    for (const box of BOXES) if (!found.has(`${id} ${box} VOLTAGE`)) missing.push(`event ${id} box ${box}`);
  const wrong: string[] = [];
  if (ids.size !== stored) wrong.push(`${stored - ids.size} incident ids were given twice`);
  if (withoutSamples > 0) wrong.push(`${withoutSamples} incidents without their samples`);
  const row = {
    ...{ kind: 'incidents', sent, accepted: sent, stored },
    lost: missing.length,
    doubled: stored - found.size,
    missing: missing.slice(0, 5),
  };
  return { rows: [row], wrong, notes };
}
