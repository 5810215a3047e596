/** Ports: whether a port that a daemon opens is free (or open by that daemon), and whether the endpoints that it connects to accept connections. */
import { createConnection } from 'node:net';
import { codeOf } from '../../common/errors.js';
import type { Kind } from '../../config/kinds.js';
import { BOUND } from '../../config/mistakes.js';
import type { AnySettings } from '../../config/settings.js';
import { parseEndpoint, parseStatusEndpoint } from '../../config/types.js';
import { reasonNotOpened, whyNotOpened } from '../openable.js';
import { type Deployment, type Examined, each } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';
import { listensOn } from './listeners.js';

const { ok, note, wrong } = reporter('ports');
const CONNECT_MS = 2000;
/** Opened by default; the daemon also runs without them. */
const OPTIONAL = new Set(['zmq_event_endpoint', 'zmq_event_id_endpoint', 'status']);

/** Endpoints that a daemon connects to. */
const CONNECTED: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  'triggering-service': ['zmq_trigger_endpoint', 'zmq_acquisition_endpoint'],
  'analysis-service': ['zmq_trigger_endpoint', 'zmq_data_endpoint'],
  'web-service': [
    'zmq_trigger_endpoint',
    'zmq_acquisition_endpoint',
    'zmq_data_endpoint',
    'incident_endpoint',
  ],
  gateway: ['zmq_trigger_endpoint', 'zmq_acquisition_endpoint', 'zmq_data_endpoint', 'incident_endpoint'],
};

interface Place {
  host: string;
  port: number;
}

export async function ports(deployment: Deployment): Promise<Diagnosis[]> {
  const configured = each(deployment).flatMap((examined) =>
    examined.settings ? [{ examined, settings: examined.settings }] : [],
  );
  const opened = await Promise.all(configured.map(({ examined, settings }) => opening(examined, settings)));
  // Only after the checks above: a socket that they open for a moment would accept the connection.
  const reached = await Promise.all(configured.map(({ examined, settings }) => reaching(examined, settings)));
  return [...opened, ...reached].flat();
}

async function opening(examined: Examined, { file }: AnySettings): Promise<Diagnosis[]> {
  const checks = [...ownPlaces(examined.kind, file.fields), 'status'].map((name) => {
    const text = valueAt(file.fields, name);
    const place = typeof text === 'string' ? placeOf(name, text) : undefined;
    return place
      ? canOpen(examined, file.named, `${examined.kind} ${name} ${String(text)}`, name, place)
      : [];
  });
  return (await Promise.all(checks)).flat();
}

/** Settings that name what a daemon opens. The gateway opens a port only for the embedded broker. */
function ownPlaces(kind: Kind, fields: object): readonly string[] {
  if (kind === 'web-service') return ['listen'];
  if (kind === 'gateway') return valueAt(fields, 'mqtt.url') === undefined ? ['mqtt.listen'] : [];
  return BOUND[kind];
}

/** @param path of a setting, such as `mqtt.listen` */
function valueAt(fields: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
      fields,
    );
}

async function reaching({ kind }: Examined, { file }: AnySettings): Promise<Diagnosis[]> {
  const names = CONNECTED[kind] ?? [];
  const checks = names.map((name) => canReach(`${kind} ${name}`, String(Reflect.get(file.fields, name))));
  return (await Promise.all(checks)).flat();
}

function placeOf(name: string, text: string): Place | undefined {
  if (name === 'status' || name.endsWith('listen')) {
    const address = parseStatusEndpoint(text);
    return address && 'port' in address && address.port > 0 ? address : undefined;
  }
  const endpoint = parseEndpoint(text);
  return endpoint?.transport === 'tcp' && endpoint.port !== undefined
    ? { host: endpoint.host.replace(/^\[|\]$/g, ''), port: endpoint.port }
    : undefined;
}

async function canOpen(
  examined: Examined,
  named: ReadonlySet<string>,
  subject: string,
  name: string,
  place: Place,
): Promise<Diagnosis[]> {
  const code = await whyNotOpened(place.host, place.port);
  if (code === undefined) {
    if (!examined.running) return [ok(subject, 'free')];
    if (OPTIONAL.has(name))
      return [note(subject, 'the daemon runs but has not opened it', 'see the log of its start')];
    return [
      wrong(
        subject,
        'the daemon runs but has not opened it',
        'if the file was changed since its start, restart the daemon',
      ),
    ];
  }
  if (code === 'EADDRINUSE') {
    const pid = examined.running?.pid;
    const isTheirs = pid === undefined ? false : await listensOn(pid, place.port);
    if (isTheirs) return [ok(subject, `open by the running daemon (pid ${pid})`)];
    if (isTheirs === undefined) {
      const message = `in use; only root or the daemon's user can find out whether by the running daemon (pid ${pid})`;
      return [ok(subject, message)];
    }
    const todo = `ss -ltnp 'sport = :${place.port}' shows the program; stop it, or use another port`;
    const verdict = OPTIONAL.has(name) && !named.has(name) ? note : wrong;
    return [verdict(subject, 'another program uses the port', todo)];
  }
  return [
    wrong(
      subject,
      reasonNotOpened(code) ?? `cannot be opened (${code})`,
      'correct the endpoint, or run as the user of the service',
    ),
  ];
}

async function canReach(subject: string, text: string): Promise<Diagnosis[]> {
  const endpoint = parseEndpoint(text);
  if (endpoint?.transport !== 'tcp' || endpoint.port === undefined) return [];
  const code = await tryToConnect({ host: endpoint.host.replace(/^\[|\]$/g, ''), port: endpoint.port });
  const full = `${subject} ${text}`;
  if (code === undefined) return [ok(full, 'accepts connections')];
  return [
    note(
      full,
      `nobody accepts connections (${code})`,
      'start the other daemon, or correct the endpoint; ZeroMQ connects when it is available',
    ),
  ];
}

function tryToConnect({ host, port }: Place): Promise<string | undefined> {
  return new Promise((done) => {
    const socket = createConnection({ host, port, timeout: CONNECT_MS });
    const end = (code: string | undefined): void => {
      socket.destroy();
      done(code);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end('timeout'));
    socket.once('error', (error) => end(codeOf(error) ?? 'unknown'));
  });
}
