/** Ports: whether a port that a daemon opens is free (or open by that daemon), and whether the endpoints that it connects to accept connections. */
import { createConnection, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { codeOf } from '../../common/errors.js';
import { BOUND } from '../../config/mistakes.js';
import type { AnySettings } from '../../config/settings.js';
import { parseEndpoint, parseStatusEndpoint } from '../../config/types.js';
import { type Deployment, type Examined, each } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';
import { listensOn } from './listeners.js';

const { ok, note, wrong } = reporter('ports');
const CONNECT_MS = 2000;
/** Opened by default; the daemon also runs without them. */
const OPTIONAL = new Set(['zmq_event_endpoint', 'zmq_event_id_endpoint', 'status']);

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
  const checks = [...BOUND[examined.kind], 'status'].map((name) => {
    const text: unknown = Reflect.get(file.fields, name);
    const place = typeof text === 'string' ? placeOf(name, text) : undefined;
    return place
      ? canOpen(examined, file.named, `${examined.kind} ${name} ${String(text)}`, name, place)
      : [];
  });
  return (await Promise.all(checks)).flat();
}

async function reaching({ kind }: Examined, { file }: AnySettings): Promise<Diagnosis[]> {
  if (kind !== 'triggering-service') return [];
  const names = ['zmq_trigger_endpoint', 'zmq_acquisition_endpoint'];
  const checks = names.map((name) => canReach(`${kind} ${name}`, String(Reflect.get(file.fields, name))));
  return (await Promise.all(checks)).flat();
}

function placeOf(name: string, text: string): Place | undefined {
  if (name === 'status') {
    const address = parseStatusEndpoint(text);
    return address && 'port' in address && address.port > 0 ? address : undefined;
  }
  const endpoint = parseEndpoint(text);
  return endpoint?.transport === 'tcp' && endpoint.port !== undefined
    ? { host: addressOf(endpoint.host), port: endpoint.port }
    : undefined;
}

/** `*` is every IPv4 address, as in libzmq; the name of an interface means its first address. */
function addressOf(host: string): string {
  if (host === '*') return '0.0.0.0';
  return networkInterfaces()[host]?.[0]?.address ?? host.replace(/^\[|\]$/g, '');
}

async function canOpen(
  examined: Examined,
  named: ReadonlySet<string>,
  subject: string,
  name: string,
  place: Place,
): Promise<Diagnosis[]> {
  const code = await tryToOpen(place);
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
  const reasons: Readonly<Record<string, string>> = {
    EADDRNOTAVAIL: 'this machine does not have the address',
    EACCES: 'this user may not open the port',
    ENOTFOUND: 'no such address or interface',
  };
  return [
    wrong(
      subject,
      reasons[code] ?? `cannot be opened (${code})`,
      'correct the endpoint, or run as the user of the service',
    ),
  ];
}

function tryToOpen({ host, port }: Place): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error) => done(codeOf(error) ?? 'unknown'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(undefined)));
  });
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
