/** The web service on a store of its own, with something in it. The other daemons do not run: their ports are free ones. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../common/log.js';
import { parseSettings } from '../../config/parse.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { startWebService, type WebService } from '../../web-service/index.js';
import { storeWaveform, waveform } from '../analysis-service/given.js';
import { columnsOf } from '../store/contract/given.js';
import { openWritable, type Writable } from '../store/writable.js';
import { freePort } from '../support/free-port.js';
import { STORE_THREAD } from '../support/store-thread.js';

/** Of the first event; everything else is around it. */
export const START = 1_795_315_200_000;
const RETENTION = { mode: 'ttl', measurementsSeconds: 100 * 365 * 86_400 } as const;

export interface GivenWeb {
  store: Writable<Store>;
  url: string;
  directory: string;
  /** without a slash at its end */
  base: string;
  service: WebService;
  /** a request below /api/v1 */
  api(path: string, init?: RequestInit): Promise<Response>;
  json(path: string, init?: RequestInit): Promise<{ status: number; body: unknown }>;
}

export async function settingsOf(url: string, more: Record<string, unknown> = {}) {
  return parseSettings('web-service', await fieldsOf(url, more));
}

/** The settings as they stand in a file. */
export async function fieldsOf(url: string, more: Record<string, unknown> = {}) {
  const endpoint = async (): Promise<string> => `tcp://127.0.0.1:${await freePort()}`;
  const nobody = `127.0.0.1:${await freePort()}`;
  return {
    listen: '127.0.0.1:0',
    login: 'off',
    zmq_trigger_endpoint: await endpoint(),
    zmq_acquisition_endpoint: await endpoint(),
    zmq_data_endpoint: await endpoint(),
    incident_endpoint: await endpoint(),
    daemons: {
      'triggering-broker': nobody,
      'acquisition-broker': nobody,
      'triggering-service': nobody,
      'analysis-service': nobody,
    },
    store: url,
    status: 'off',
    ...more,
  };
}

/** What the tests read: three boxes, two events, an incident, measurements, trends, aggregates, a series. */
export async function fill(store: Writable<Store>): Promise<void> {
  await store.putBox({
    box_id: '1',
    name: '=cmd|<b>roof</b>',
    calibration_constant: 146,
    unplugged: false,
    location: 'lab',
    nominal_voltage: 120,
  });
  await store.putBox({ box_id: '2', name: 'cellar', calibration_constant: 100, unplugged: true });
  const findingOf = (afterMs: number, status: 'UP' | 'DOWN', info: string) => ({
    ...{ timestamp: new Date(START + afterMs), service: 'BOX', serviceID: '1', status, info },
  });
  await store.insertHealth(findingOf(0, 'DOWN', 'CLOCK_OFFSET: 10 h behind'));
  await store.insertHealth(findingOf(60_000, 'UP', ''));
  await store.insertHealth(findingOf(90_000, 'UP', 'CLOCK_OFFSET ended; it began at 12:00'));
  await store.insertHealth(findingOf(90_000, 'DOWN', 'NOISY_INPUT: 3 V'));
  await store.putLocation({ slug: 'lab', description: 'second floor', coordinates: [-157.8, 21.3] });
  await store.putAlert({
    ...{ alert_id: 'outage-1', key: 'outage/2', rule: 'outage', severity: 'critical', state: 'firing' },
    ...{ title: 'Box 2 is silent', body: '', box_ids: ['2'], notify: ['outage'], page: '/boxes/2' },
    ...{ members: ['incident 1'], open_members: ['incident 1'], started_ms: START, fired_ms: START + 5000 },
  });
  const sag = waveform(1, [{ fromS: 0.3, toS: 0.5, pu: 0.7 }]);
  await storeWaveform(store, 1, '1', sag, START);
  await store.addTriggeredBoxes(1, ['2']);
  await storeWaveform(store, 2, '1', waveform(1), START + 10_000);
  const incident = {
    event_id: 1,
    box_id: '1',
    start_timestamp_ms: START + 300,
    end_timestamp_ms: START + 500,
    location: 'lab',
    measurement_type: 'VOLTAGE',
    deviation_from_nominal: -36,
    measurements: [{ box_id: '1', timestamp_ms: START + 400, voltage: 84 }],
    classifications: ['VOLTAGE_SAG'],
    ieee_duration: 'INSTANTANEOUS',
    metadata: { residual_pu: 0.7, duration_s: 0.2 },
    source: 'makai',
  };
  await store.putAnalysis(1, '1', [{ incident, samples: sag.subarray(3600, 6000) }], ['a remark']);
  const at = (i: number): number => START + 1000 * i;
  await store.insertMeasurements(
    columnsOf(
      Array.from({ length: 100 }, (_, i) => ({
        box: 1,
        at: at(i),
        metrics: { rms: 120 + i / 100, f: 60, thd: 0.02 },
      })),
    ),
  );
  const minutes = Array.from({ length: 120 }, (_, i) => ({
    box_id: '1',
    timestamp_ms: START + 60_000 * (i + 1),
    location: 'lab',
    voltage: { min: 119, max: 121 + i, average: 120 },
  }));
  await store.putTrends(minutes);
  await store.putAggregates([
    {
      box_id: '1',
      timestamp_ms: START + 600_000,
      window_seconds: 600,
      location: 'lab',
      measurements: 100,
      flagged: 0,
      coverage: 0.2,
      voltage: { rms: 120, min: 119, max: 121 },
    },
  ]);
  await store.putSeries(
    [0, 1, 2].map((i) => ({ plugin: 'p', series: 's', box_id: '1', timestamp_ms: at(i), value: i })),
  );
}

export interface WebOptions {
  settings?: Record<string, unknown>;
  /** called before the service starts */
  prepare?: (store: Writable<Store>) => Promise<void>;
  pageFolder?: string;
}

/** Starts once for all tests of a `describe`. Call it inside. */
export function givenWeb({ pageFolder, prepare = fill, settings = {} }: WebOptions = {}): () => GivenWeb {
  let given: GivenWeb | undefined;
  before(async function () {
    this.timeout(60_000);
    given = await startWeb({ ...{ prepare, settings }, ...(pageFolder === undefined ? {} : { pageFolder }) });
  });
  after(async function () {
    this.timeout(60_000);
    await given?.service.stop();
    await given?.store.close();
    if (given !== undefined) await rm(given.directory, { recursive: true });
    given = undefined;
  });
  return () => {
    if (given === undefined) throw new Error('only while a test runs');
    return given;
  };
}

export async function startWeb({ pageFolder, prepare = fill, settings = {} }: WebOptions): Promise<GivenWeb> {
  const directory = await mkdtemp(join(tmpdir(), 'makai-web-'));
  const file = join(directory, 'makai.db');
  const url = `sqlite:${file}`;
  const store = await openWritable(file, { retention: RETENTION, thread: STORE_THREAD, now: () => START });
  await prepare(store);
  const service = await startWebService(await settingsOf(url, settings), {
    log: silentLogger(),
    openStore: () => openStore(url, { retention: RETENTION, thread: STORE_THREAD }),
    pageFolder: pageFolder ?? join(directory, 'no-page'),
  });
  const base = service.endpoints.listen ?? '';
  const api = (path: string, init?: RequestInit): Promise<Response> => fetch(`${base}/api/v1${path}`, init);
  return {
    ...{ store, url, directory, base, service, api },
    json: async (path, init) => {
      const response = await api(path, init);
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
    },
  };
}

export function jsonBody(method: string, body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}
