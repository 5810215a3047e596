/** Mistakes that one field alone does not show. They work on the raw value, so that they are reported together with all others. */
import { messageOf } from '../common/errors.js';
import { parseKeyPair } from '../keys/key.js';
import { isMongoUrl } from '../store/mongo/connection/url.js';
import { mongoUrlMistake } from '../store/mongo/connection/url-check.js';
import { type Finding, foundText } from './findings.js';
import { gatewayMistakes } from './gateway-mistakes.js';
import { kafkaMistakes } from './kafka-mistakes.js';
import type { Kind } from './kinds.js';
import { natsMistakes } from './nats-mistakes.js';
import { mongoUrlOf } from './resolve.js';
import { parseEndpoint } from './types.js';
import { webMistakes } from './web-mistakes.js';

/** Fields of each daemon that open an endpoint. */
export const BOUND: Readonly<Record<Kind, readonly string[]>> = {
  'triggering-broker': ['interface', 'interface_next', 'backend'],
  'acquisition-broker': [
    'box_pub',
    'box_pull',
    'box_pub_next',
    'box_pull_next',
    'backend_pull',
    'backend_pub',
    'zmq_event_endpoint',
    'zmq_event_id_endpoint',
  ],
  'triggering-service': [],
  'analysis-service': ['incident_pub'],
  'web-service': [],
  gateway: [],
};

/** Values of `white_list` that say where keys come from; those of a folder are checked by `folderMissing`. */
const NAMED_SOURCES: readonly unknown[] = ['directory', 'both', 'store', true];

/** @param input raw value of the file, of any shape */
export function crossMistakes(kind: Kind, input: unknown): Finding[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return [];
  const fields = input as Readonly<Record<string, unknown>>;
  const mistakes = [...sameEndpoints(kind, fields), ...folderMissing(fields), ...mongoMistakes(fields)];
  if (kind === 'triggering-broker' || kind === 'acquisition-broker')
    mistakes.push(...noAccess(fields), ...nextKeyMistakes(kind, fields));
  if (kind === 'triggering-broker' || kind === 'triggering-service') mistakes.push(...natsMistakes(fields));
  if (kind === 'triggering-service' || kind === 'gateway') mistakes.push(...kafkaMistakes(fields));
  if (kind === 'acquisition-broker') mistakes.push(...keyMistakes(fields));
  if (kind === 'web-service') mistakes.push(...webMistakes(fields));
  if (kind === 'gateway') mistakes.push(...gatewayMistakes(fields));
  return mistakes;
}

function sameEndpoints(kind: Kind, fields: Readonly<Record<string, unknown>>): Finding[] {
  const seen = new Map<string, string>();
  return BOUND[kind].flatMap((name): Finding[] => {
    const value = fields[name];
    const endpoint = typeof value === 'string' ? parseEndpoint(value) : undefined;
    if (!endpoint || (endpoint.transport === 'tcp' && endpoint.port === undefined)) return [];
    const place = endpoint.transport === 'ipc' ? `ipc ${endpoint.host}` : `port ${endpoint.port}`;
    const other = seen.get(place);
    seen.set(place, name);
    if (other === undefined || sameHostDiffers(fields[other], value)) return [];
    return [
      {
        severity: 'error',
        path: name,
        message: `expected a separate endpoint, found ${place}, which ${other} has too`,
      },
    ];
  });
}

/** Two addresses of one machine may share a port, when neither is the one for all addresses. */
function sameHostDiffers(a: unknown, b: unknown): boolean {
  const hosts = [a, b].map((value) => (typeof value === 'string' ? parseEndpoint(value)?.host : undefined));
  return (
    hosts[0] !== hosts[1] &&
    !hosts.some((host) => host === undefined || ['*', '0.0.0.0', '[::]'].includes(host))
  );
}

/** What the driver cannot read, also in a field that another one overrides. Values are not shown: they may hold a password. */
function mongoMistakes(fields: Readonly<Record<string, unknown>>): Finding[] {
  const found = ['store', 'mongo_uri'].flatMap((path): Finding[] => {
    const url = fields[path];
    if (typeof url !== 'string' || !isMongoUrl(url)) return [];
    const mistake = mongoUrlMistake(url);
    if (mistake === undefined) return [];
    const message = `expected a MongoDB URI that the driver can read (special characters in a user and a password are percent-encoded, @ as %40), found one that it cannot: ${mistake}`;
    return [{ severity: 'error', path, message }];
  });
  const { mongo_host: host } = fields;
  if (typeof host === 'string' && host !== '' && mongoUrlMistake(mongoUrlOf(host)) !== undefined)
    found.push({
      severity: 'error',
      path: 'mongo_host',
      message: `expected the name or address of a host, without a port, found ${foundText(host)}`,
    });
  return found;
}

/** A list from a folder needs the folder. */
function folderMissing(fields: Readonly<Record<string, unknown>>): Finding[] {
  const { client_certs, white_list } = fields;
  if (fields.allow_any_client === true || client_certs !== undefined) return [];
  if (white_list !== 'directory' && white_list !== 'both') return [];
  const message = `expected the folder with the public keys of the boxes, since white_list is ${JSON.stringify(white_list)}, found nothing`;
  return [{ severity: 'error', path: 'client_certs', message }];
}

/** Without an allow-list a broker does not start. */
function noAccess(fields: Readonly<Record<string, unknown>>): Finding[] {
  const { allow_any_client, client_certs, white_list } = fields;
  if (allow_any_client === true || client_certs !== undefined) return [];
  if (NAMED_SOURCES.includes(white_list)) return [];
  return [
    {
      severity: 'error',
      path: 'client_certs',
      message:
        'expected an allow-list, found none: without it whoever knows the public key of the server could connect. ' +
        'Write the folder with the public keys of the boxes here, or "white_list": "store" to take them from opq_boxes, ' +
        'or "allow_any_client": true to allow everyone',
    },
  ];
}

/** The next key has separate endpoints: key file and endpoints come together. */
function nextKeyMistakes(
  kind: 'triggering-broker' | 'acquisition-broker',
  fields: Readonly<Record<string, unknown>>,
): Finding[] {
  const together = ['server_cert_next', ...BOUND[kind].filter((name) => name.endsWith('_next'))];
  const given = together.find((name) => fields[name] !== undefined);
  if (given === undefined) return [];
  return together
    .filter((name) => fields[name] === undefined)
    .map((path) => ({
      severity: 'error',
      path,
      message: `expected it together with ${given} (the next key has separate endpoints), found nothing`,
    }));
}

/** The two halves of a pair come together, and belong together where they are used (`server_cert` wins). */
function keyMistakes(fields: Readonly<Record<string, unknown>>): Finding[] {
  const { pub_key, sec_key, server_cert } = fields;
  const [has, lacks] =
    pub_key === undefined ? (['sec_key', 'pub_key'] as const) : (['pub_key', 'sec_key'] as const);
  if (fields[has] === undefined) return [];
  if (fields[lacks] === undefined) {
    const message = `expected the other half of the pair, since ${has} is given, found nothing`;
    return [{ severity: 'error', path: lacks, message }];
  }
  if (server_cert !== undefined || typeof pub_key !== 'string' || typeof sec_key !== 'string') return [];
  // Of the wrong length: a mistake of that setting itself.
  if (pub_key.length !== 40 || sec_key.length !== 40) return [];
  try {
    parseKeyPair(pub_key, sec_key, 'pub_key and sec_key');
    return [];
  } catch (error) {
    return [{ severity: 'error', path: 'pub_key', message: messageOf(error) }];
  }
}
