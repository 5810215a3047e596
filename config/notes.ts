/** What is allowed, but probably not intended: reported by `makai config check` and at every start. */
import type { Finding } from './findings.js';
import type {
  AnyConfig,
  ConfigFile,
  Kind,
  TriggeringBrokerConfig,
  TriggeringServiceConfig,
} from './kinds.js';
import { withoutEffect } from './removed.js';
import type {
  AcquisitionBrokerSettings,
  SettingsOf,
  TriggeringBrokerSettings,
  TriggeringServiceSettings,
} from './settings.js';
import { parseEndpoint, type StatusEndpoint } from './types.js';

const NOTES: { readonly [K in Kind]: (settings: SettingsOf[K]) => Finding[] } = {
  'triggering-broker': (settings) => [...access(settings), ...loopbackOnly(settings.file, ['interface'])],
  'acquisition-broker': (settings) => [
    ...access(settings),
    ...loopbackOnly(settings.file, ['box_pub', 'box_pull']),
    ...keyTwice(settings),
  ],
  'triggering-service': serviceNotes,
  'analysis-service': () => [],
  'web-service': () => [],
  gateway: () => [],
};

/** Warnings about a configuration that is valid. */
export function notes<K extends Kind>(kind: K, settings: SettingsOf[K]): Finding[] {
  const { file, status } = settings;
  return [
    ...withoutEffect(kind, file.named),
    ...NOTES[kind](settings),
    ...openStatus(file.fields, status.address),
  ];
}

/** The frequency that the windows of a box fit, Hz. */
const BOX_FREQUENCY = 60;

const warn = (path: string, message: string): Finding => ({ severity: 'warning', path, message });

function access({ allow, file }: TriggeringBrokerSettings | AcquisitionBrokerSettings): Finding[] {
  const { client_certs, white_list } = file.fields;
  if (allow.any) {
    return [
      warn(
        'allow_any_client',
        `whoever knows the public key of the server may connect${client_certs === undefined ? '; without client_certs no key can be revoked' : ', except keys revoked in client_certs'}`,
      ),
    ];
  }
  if (white_list === false) {
    const message =
      'false allowed everyone; here the keys in client_certs apply. Write "directory" to say so, or "allow_any_client": true';
    return [warn('white_list', message)];
  }
  return folderUnused(file.fields);
}

function folderUnused({
  client_certs,
  white_list,
}: Pick<TriggeringServiceConfig | TriggeringBrokerConfig, 'client_certs' | 'white_list'>): Finding[] {
  if (client_certs === undefined || (white_list !== 'store' && white_list !== true)) return [];
  const message = 'is not looked at: white_list takes the keys from the store alone ("both" takes both)';
  return [warn('client_certs', message)];
}

/** Endpoints for boxes that a file leaves out are on loopback, where no box can reach them. */
function loopbackOnly({ fields, named }: ConfigFile, names: readonly string[]): Finding[] {
  return names
    .filter((name) => !named.has(name))
    .map((name) => {
      const value = String(Reflect.get(fields, name));
      const open = value.replace('127.0.0.1', '*');
      return warn(
        name,
        `is left out, so it is ${value}, where no box on the network reaches it; write "${open}"`,
      );
    });
}

function keyTwice({ file, serverKey }: AcquisitionBrokerSettings): Finding[] {
  if (file.fields.sec_key === undefined || !('file' in serverKey)) return [];
  return [warn('sec_key', 'is not used: server_cert is given too, and wins')];
}

function openStatus({ status }: AnyConfig, endpoint: StatusEndpoint | undefined): Finding[] {
  if (!endpoint || 'path' in endpoint || /^(127\.|localhost$|::1$)/.test(endpoint.host)) return [];
  return [
    warn(
      'status',
      `${status} is open to whoever reaches this machine; /status and /metrics ask for no password`,
    ),
  ];
}

function serviceNotes(settings: TriggeringServiceSettings): Finding[] {
  const { acquisitionEndpoint, file, triggerEndpoints } = settings;
  const { fields, named } = file;
  const found: Finding[] = [...folderUnused(fields), ...frequencyNotes(settings)];
  const request = parseEndpoint(acquisitionEndpoint)?.port;
  const data = named.has('zmq_data_endpoint') ? parseEndpoint(fields.zmq_data_endpoint)?.port : undefined;
  if (request === 9881 || triggerEndpoints.includes(acquisitionEndpoint)) {
    found.push(
      warn(
        'zmq_acquisition_endpoint',
        `${acquisitionEndpoint} is the triggering broker's own port, so every event request is lost; ` +
          'the acquisition broker takes requests at its backend_pull, 9884 by default',
      ),
    );
  }
  if (request === 9899) {
    const swapped = data === 9884 ? '9884 and 9899 are swapped: ' : '';
    found.push(
      warn(
        'zmq_acquisition_endpoint',
        `${swapped}9899 is where the acquisition broker publishes, so every event request is lost; write 9884 here` +
          (data === 9884 ? ' and 9899 for zmq_data_endpoint' : ''),
      ),
    );
  }
  for (const name of ['zmq_event_endpoint', 'zmq_event_id_endpoint'] as const) {
    if (fields[name] === undefined) continue;
    found.push(
      warn(
        name,
        `is opened by the acquisition broker, which takes it from here where its file lies in the same folder and does not name it (else ${defaultOf(name)})`,
      ),
    );
  }
  return found;
}

/** Boxes measure in windows of 1/60 s: what is not available on another grid. */
function frequencyNotes({ file, reference: { frequency } }: TriggeringServiceSettings): Finding[] {
  const message = offFrequencyText(frequency);
  if (message === undefined) return [];
  return [warn(file.named.has('nominal_frequency') ? 'nominal_frequency' : 'plugins', message)];
}

/** What boxes cannot measure at a nominal frequency (Hz), and why; undefined where they measure all. */
export function offFrequencyText(frequency: number): string | undefined {
  if (Math.abs(frequency - BOX_FREQUENCY) <= 1) return undefined;
  return (
    `the nominal frequency is ${frequency} Hz, but boxes measure in windows of 200 samples at 12 kHz, one cycle at 60 Hz: THD is not judged, and the lowest ` +
    'and highest cycle of a Box 3 only at wider limits; averages and frequency are judged as usual (docs/box-measurements.md)'
  );
}

function defaultOf(name: 'zmq_event_endpoint' | 'zmq_event_id_endpoint'): string {
  return name === 'zmq_event_endpoint' ? 'tcp://127.0.0.1:10000' : 'tcp://127.0.0.1:10001';
}
