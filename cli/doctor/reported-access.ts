/** Who is let in, as the daemons see it: lists that cannot be read, and handshakes that failed before a key was looked at. */
import { type Diagnosis, reporter } from './diagnosis.js';
import { count, type Fields, fieldsAt, rowsAt, text } from './reading.js';
import type { Report } from './report.js';

const { note, wrong } = reporter('daemons');

/** A failed handshake that is younger is going on: every box tries again within seconds or a minute. */
const RECENT_MS = 15 * 60_000;

const LISTS = ['access.allow_list', 'backend_access.allow_list', 'ids_with_certificate'] as const;

/** Sources of keys that a daemon cannot read (`ok: false`): keys that it knows stay known, new ones and revocations are not seen. */
export function sources({ details, kind }: Report): Diagnosis[] {
  return LISTS.flatMap((path) => rowsAt(details, `${path}.sources`))
    .filter((source) => source.ok === false)
    .map((source) =>
      wrong(
        kind,
        `cannot read the list of keys ${text(source, 'name') ?? '?'}: ${text(source, 'error') ?? 'no reason given'}`,
        'correct the rights or the store: until then new keys are not admitted and revoked ones not refused',
      ),
    );
}

interface Handshake {
  reason: string;
  what: string;
  todo: string;
}

const HANDSHAKES: readonly Handshake[] = [
  {
    reason: 'wrong_server_key',
    what: 'with another server key than ours',
    todo: 'such a box has the key of another server, or of ours before a rotation: give it opqserver.key; the log of the daemon names the addresses, docs/troubleshooting.md says more',
  },
  {
    reason: 'no_curve',
    what: 'without CURVE',
    todo: 'a box or program without keys connects here: give it keys, or the port for services',
  },
  {
    reason: 'accept_failed',
    what: 'that the system did not accept',
    todo: 'raise the limit of open files of the daemon (LimitNOFILE)',
  },
];

/** Failed handshakes by reason, of every socket with keys. */
export function handshakes({ details, kind }: Report, nowMs: number): Diagnosis[] {
  const sockets = socketsOf(details);
  return HANDSHAKES.flatMap(({ reason, todo, what }): Diagnosis[] => {
    const failed = sockets.reduce((sum, socket) => sum + count(fieldsAt(socket, 'failed'), reason), 0);
    if (failed === 0) return [];
    const times = sockets.flatMap((socket) => text(fieldsAt(socket, 'failed_last'), reason) ?? []);
    const last = times.sort().at(-1);
    const recent = last !== undefined && nowMs - Date.parse(last) <= RECENT_MS;
    const from = reason === 'wrong_server_key' ? addressesOf(details) : '';
    const message = `${failed} connections ${what} since its start${from}${last === undefined ? '' : `, the last at ${last}`}`;
    return [(recent ? wrong : note)(kind, message, todo)];
  });
}

const LISTED = 10;

function addressesOf(details: Fields): string {
  const addresses = rowsAt(details, 'wrong_server_key').flatMap((row) => text(row, 'address') ?? []);
  if (addresses.length === 0) return '';
  return ` from ${addresses.slice(0, LISTED).join(', ')}${addresses.length > LISTED ? ' and more' : ''}`;
}

/** The triggering broker has one socket for boxes and one for services, the acquisition broker several of each. */
export function socketsOf(details: Fields): Fields[] {
  const named = ['connections', 'backend_connections'].flatMap((name) =>
    Object.keys(fieldsAt(details, name)).map((field) => fieldsAt(details, `${name}.${field}`)),
  );
  return [fieldsAt(details, 'boxes'), fieldsAt(details, 'subscribers'), ...named];
}
