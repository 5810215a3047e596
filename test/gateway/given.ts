/** A gateway on a store of its own. The other daemons do not run: their ports are free ones. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../common/log.js';
import { parseSettings } from '../../config/parse.js';
import { type Gateway, startGateway } from '../../gateway/index.js';
import type { NewIncident } from '../../store/documents.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { openWritable, type Writable } from '../store/writable.js';
import { freePort } from '../support/free-port.js';
import { STORE_THREAD } from '../support/store-thread.js';

export const START = 1_795_315_200_000;
const RETENTION = { mode: 'ttl', measurementsSeconds: 100 * 365 * 86_400 } as const;

export interface GivenGateway {
  store: Writable<Store>;
  url: string;
  folder: string;
  /** started with these settings; stopped after the test */
  gateway(settings?: Record<string, unknown>): Promise<Gateway>;
  stop(gateway: Gateway): Promise<void>;
}

export async function gatewaySettings(url: string, folder: string, more: Record<string, unknown> = {}) {
  const endpoint = async (): Promise<string> => `tcp://127.0.0.1:${await freePort()}`;
  const nobody = `127.0.0.1:${await freePort()}`;
  return {
    mqtt: { listen: '127.0.0.1:0', login: 'off' },
    state: join(folder, 'gateway'),
    zmq_trigger_endpoint: await endpoint(),
    zmq_acquisition_endpoint: await endpoint(),
    zmq_data_endpoint: await endpoint(),
    incident_endpoint: await endpoint(),
    daemons: {
      'triggering-broker': nobody,
      'acquisition-broker': nobody,
      'triggering-service': nobody,
      'analysis-service': nobody,
      'web-service': nobody,
    },
    notify: join(folder, 'notify.yaml'),
    store: url,
    status: 'off',
    ...more,
  };
}

/** Call it inside `describe`. */
export function givenGateway(): () => GivenGateway {
  let given: GivenGateway | undefined;
  const running = new Set<Gateway>();
  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'makai-gateway-'));
    const url = `sqlite:${join(folder, 'makai.db')}`;
    const store = await openWritable(join(folder, 'makai.db'), {
      retention: RETENTION,
      thread: STORE_THREAD,
    });
    given = {
      store,
      url,
      folder,
      gateway: async (more) => {
        const settings = parseSettings('gateway', await gatewaySettings(url, folder, more));
        const gateway = await startGateway(settings, {
          log: silentLogger(),
          openStore: () => openStore(url, { retention: RETENTION, thread: STORE_THREAD }),
        });
        running.add(gateway);
        return gateway;
      },
      stop: async (gateway) => {
        running.delete(gateway);
        await gateway.stop();
      },
    };
  });
  afterEach(async () => {
    for (const gateway of running) await gateway.stop();
    running.clear();
    await given?.store.close();
    if (given !== undefined) await rm(given.folder, { recursive: true });
  });
  return () => {
    if (given === undefined) throw new Error('inside a test only');
    return given;
  };
}

export function incidentOf(box: string, startMs: number, more: Partial<NewIncident> = {}): NewIncident {
  return {
    event_id: -1,
    box_id: box,
    start_timestamp_ms: startMs,
    end_timestamp_ms: startMs + 100,
    location: 'lab',
    measurement_type: 'VOLTAGE',
    deviation_from_nominal: -30,
    measurements: [],
    classifications: ['VOLTAGE_SAG'],
    ieee_duration: 'INSTANTANEOUS',
    metadata: {},
    source: 'makai',
    ...more,
  };
}
