/** Mistakes that one field alone does not show. They work on the raw value, so that they are reported together with all others. */
import type { Finding } from './findings.js';
import type { Kind } from './kinds.js';
import { parseEndpoint } from './types.js';

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
};

/** Values of `white_list` that say where keys come from; those of a folder are checked by `folderMissing`. */
const NAMED_SOURCES: readonly unknown[] = ['directory', 'both', 'store', true];

/** @param input raw value of the file, of any shape */
export function crossMistakes(kind: Kind, input: unknown): Finding[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return [];
  const fields = input as Readonly<Record<string, unknown>>;
  const mistakes = [...sameEndpoints(kind, fields), ...folderMissing(fields)];
  if (kind !== 'triggering-service') mistakes.push(...noAccess(fields), ...nextKeyMistakes(kind, fields));
  if (kind === 'acquisition-broker') mistakes.push(...keyMistakes(fields));
  if (kind === 'triggering-service') mistakes.push(...shareMistakes(fields));
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

/** The index of a service is not higher than the number of services. */
function shareMistakes({ share }: Readonly<Record<string, unknown>>): Finding[] {
  if (typeof share !== 'object' || share === null) return [];
  const { of = 1, index = 1 } = share as Readonly<Record<string, unknown>>;
  if (typeof of !== 'number' || typeof index !== 'number' || index <= of) return [];
  return [
    {
      severity: 'error',
      path: 'share.index',
      message: `expected a number from 1 to ${of}, since share.of is ${of}, found ${index}`,
    },
  ];
}

/** The two halves of a pair come together. */
function keyMistakes(fields: Readonly<Record<string, unknown>>): Finding[] {
  const [has, lacks] =
    fields.pub_key === undefined ? (['sec_key', 'pub_key'] as const) : (['pub_key', 'sec_key'] as const);
  if (fields[has] === undefined || fields[lacks] !== undefined) return [];
  return [
    {
      severity: 'error',
      path: lacks,
      message: `expected the other half of the pair, since ${has} is given, found nothing`,
    },
  ];
}
