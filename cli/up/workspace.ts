/** The working folder of `makai up`: keys, the daemons' configuration files, logs, the embedded store. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GATEWAY_BOX_ID } from '../../common/box-id.js';
import { codeOf } from '../../common/errors.js';
import { freePorts, isFree } from '../../common/free-ports.js';
import type { Kind } from '../../config/index.js';
import { readConfigFile } from '../../config/load.js';
import { writePublicCertificate, writeSecretCertificate } from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { type KeyLayout, keyLayout } from '../../keys/layout.js';

export interface Workspace {
  directory: string;
  logs: string;
  keys: KeyLayout;
  keyDirectory: string;
  /** `sqlite:<file>` in the folder, or what was given */
  storeUrl: string;
  configs: Record<Kind, string>;
  endpoints: {
    measurements: string;
    commands: string;
    replies: string;
    backend: string;
    notices: string;
    firstWaveform: string;
    incidents: string;
    /** status of the triggering service */
    status: string;
  };
  /** of the page */
  page: string;
  /** of the embedded MQTT broker */
  mqtt: string;
  /** Gives the page or the MQTT broker another port, where another program took its port before the daemon had it. @returns false: that was done already, or the daemon has neither */
  moveAway(daemon: string): Promise<boolean>;
}

/** File name of the embedded store in a working folder; `--dir` of other commands finds it here. */
export const STORE_FILE = 'makai.db';

/** Ports of the page and of MQTT for people, where they are free: the addresses stay the same from run to run. */
const WEB_PORT = 8088;
const MQTT_PORT = 1883;

/** Plugins of a new folder, with limits that the demo's disturbances exceed. */
const PLUGINS: readonly unknown[] = [
  {
    path: 'threshold',
    voltage_threshold_percent_low: 0.05,
    voltage_threshold_percent_high: 0.05,
    frequency_threshold_percent_low: 0.005,
    frequency_threshold_percent_high: 0.005,
    thd_threshold_high: 0.08,
  },
  { path: 'outage' },
];

/** Meters of a new folder: what a program publishes on `meters/<name>` as {"voltage": 230.1, "frequency": 50.01, "thd": 0.02}. */
const METER_TOPICS: readonly unknown[] = [
  {
    topic: 'meters/{name}',
    voltage: { path: 'voltage', unit: 'V' },
    frequency: { path: 'frequency', unit: 'Hz' },
    thd: { path: 'thd', unit: 'ratio' },
  },
];

/**
 * Creates the folder. Keys, store, the list of plugins and the topics of meters of an earlier run are kept and used again. Ports are free ports on loopback.
 * @param boxIds boxes that get a key pair
 * @param store URL of the store, in place of a file in the folder
 * @param forPeople page and MQTT have their usual ports, where these are free. Another program may take them while a daemon is stopped
 * @throws MakaiError KEY_FILE_IO, CONFIG_UNREADABLE, and system errors where the folder cannot be written
 */
export async function prepareWorkspace(
  directory: string,
  boxIds: readonly string[],
  store?: string,
  forPeople = false,
): Promise<Workspace> {
  const logs = join(directory, 'log');
  const keyDirectory = join(directory, 'curve');
  await mkdir(logs, { recursive: true });
  const keys = keyLayout(keyDirectory);
  await makeKeys(keys, [...boxIds, String(GATEWAY_BOX_ID)]);
  const ports = await freePorts(17);
  const usual = async (port: number, spare: string): Promise<string> =>
    forPeople && (await isFree({ port, host: '127.0.0.1' })) ? `127.0.0.1:${port}` : spare;
  const spareWeb = `127.0.0.1:${ports[13]}`;
  const web = await usual(WEB_PORT, spareWeb);
  const spareMqtt = `127.0.0.1:${ports[15]}`;
  const mqtt = await usual(MQTT_PORT, spareMqtt);
  const at = (index: number): string => `tcp://127.0.0.1:${ports[index]}`;
  const storeUrl = store ?? `sqlite:${join(directory, STORE_FILE)}`;
  // In the folder, where the user who runs this may write.
  const spool = store === undefined ? {} : { spool: { path: join(directory, 'spool') } };
  const entry = { client_certs: keys.publicDirectory, server_cert: keys.serverSecret };
  const status = (index: number): string => `127.0.0.1:${ports[index]}`;
  const configs: Record<Kind, string> = {
    'triggering-broker': join(directory, 'triggering_broker.json'),
    'acquisition-broker': join(directory, 'acquisition_broker_config.json'),
    'triggering-service': join(directory, 'makai.conf'),
    'analysis-service': join(directory, 'analysis_service.json'),
    'web-service': join(directory, 'web_service.json'),
    gateway: join(directory, 'gateway.json'),
  };
  const files = {
    'triggering-broker': { ...entry, interface: at(0), backend: at(1), status: status(7) },
    'acquisition-broker': {
      ...entry,
      box_pub: at(2),
      box_pull: at(3),
      backend_pull: at(4),
      backend_pub: at(5),
      zmq_event_endpoint: at(6),
      zmq_event_id_endpoint: 'tcp://127.0.0.1:*',
      store: storeUrl,
      ...spool,
      status: status(8),
    },
    'triggering-service': {
      zmq_trigger_endpoint: at(1),
      zmq_acquisition_endpoint: at(4),
      client_certs: keys.publicDirectory,
      store: storeUrl,
      ...spool,
      status: status(9),
      plugins: listIn(await kept(configs['triggering-service']), 'plugins') ?? PLUGINS,
      plugin_reload: true,
    },
    'analysis-service': {
      zmq_trigger_endpoint: at(1),
      zmq_data_endpoint: at(5),
      incident_pub: at(10),
      store: storeUrl,
      status: status(11),
    },
    'web-service': {
      listen: web,
      login: 'off',
      zmq_trigger_endpoint: at(1),
      zmq_acquisition_endpoint: at(4),
      zmq_data_endpoint: at(5),
      incident_endpoint: at(10),
      client_certs: keys.publicDirectory,
      daemons: {
        'triggering-broker': status(7),
        'acquisition-broker': status(8),
        'triggering-service': status(9),
        'analysis-service': status(11),
        gateway: status(14),
      },
      store: storeUrl,
      status: status(12),
    },
    gateway: {
      mqtt: { listen: mqtt, login: 'off' },
      state: join(directory, 'gateway'),
      zmq_trigger_endpoint: at(1),
      zmq_acquisition_endpoint: at(4),
      zmq_data_endpoint: at(5),
      incident_endpoint: at(10),
      daemons: {
        'triggering-broker': status(7),
        'acquisition-broker': status(8),
        'triggering-service': status(9),
        'analysis-service': status(11),
        'web-service': status(12),
      },
      meters: {
        interface: at(0),
        server_key: keys.serverPublic,
        cert: keys.boxSecret(String(GATEWAY_BOX_ID)),
        topics: listIn(await kept(configs.gateway, 'meters'), 'topics') ?? METER_TOPICS,
      },
      web: `http://${web}`,
      notify: join(directory, 'notify.yaml'),
      store: storeUrl,
      status: status(14),
    },
  } satisfies Record<Kind, object>;
  const writeConfig = (kind: Kind, fields: object): Promise<void> =>
    writeFile(configs[kind], `${JSON.stringify(fields, null, 2)}\n`, { mode: 0o600 });
  for (const kind of Object.keys(files) as Kind[]) await writeConfig(kind, files[kind]);
  const endpoints = {
    measurements: at(0),
    commands: at(2),
    replies: at(3),
    backend: at(1),
    notices: at(5),
    firstWaveform: at(6),
    incidents: at(10),
    status: status(9),
  };
  const workspace: Workspace = {
    ...{ directory, logs, keys, keyDirectory, storeUrl, configs, endpoints },
    page: `http://${web}/`,
    mqtt: `mqtt://${mqtt}`,
    moveAway: async (name) => {
      const page = `http://${spareWeb}/`;
      const broker = `mqtt://${spareMqtt}`;
      if (name === 'web-service' && workspace.page !== page) {
        await writeConfig('web-service', { ...files['web-service'], listen: spareWeb });
        // The gateway starts later: its mails link to the page.
        files.gateway.web = `http://${spareWeb}`;
        await writeConfig('gateway', files.gateway);
        workspace.page = page;
        return true;
      }
      if (name === 'gateway' && workspace.mqtt !== broker) {
        files.gateway.mqtt.listen = spareMqtt;
        await writeConfig('gateway', files.gateway);
        workspace.mqtt = broker;
        return true;
      }
      return false;
    },
  };
  return workspace;
}

/** What people may have changed in the file of an earlier run: all of it, or one of its fields. */
async function kept(file: string, field?: string): Promise<unknown> {
  if (!(await exists(file))) return undefined;
  const { value } = readConfigFile(file);
  return field === undefined ? value : valueIn(value, field);
}

const valueIn = (value: unknown, field: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;

function listIn(value: unknown, field: string): unknown[] | undefined {
  const list = valueIn(value, field);
  return Array.isArray(list) ? list : undefined;
}

/** A key pair for the server and for each box, unless it exists already. */
async function makeKeys(keys: KeyLayout, boxIds: readonly string[]): Promise<void> {
  const pairs = [
    { boxId: undefined, secret: keys.serverSecret, open: keys.serverPublic },
    ...boxIds.map((boxId) => ({ boxId, secret: keys.boxSecret(boxId), open: keys.boxPublic(boxId) })),
  ];
  for (const { boxId, secret, open } of pairs) {
    const pair = newKeyPair();
    try {
      await writeSecretCertificate(secret, { boxId, ...pair });
    } catch (error) {
      if (codeOf(error) === 'KEY_FILE_IO' && (await exists(secret))) continue;
      throw error;
    }
    await writePublicCertificate(open, { boxId, publicKey: pair.publicKey }, { replace: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
