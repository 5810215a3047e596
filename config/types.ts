/** Kinds of value that settings have, each with a text that says what is expected. */
import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { expecting } from './field.js';

const PORT_MAX = 65_535;
/** Longest path of a Unix socket on Linux: sun_path less its end mark (unix(7)). */
const SOCKET_PATH_MAX = 107;

/** Text that is not empty. */
export const text = (max = 4096) => expecting(z.string().min(1).max(max), 'text that is not empty');

/** A path of a file or folder. */
export const path = () =>
  expecting(
    z
      .string()
      .min(1)
      .max(4096)
      .refine((value) => !value.includes('\0')),
    'a path',
  );

export const flag = () => expecting(z.boolean(), 'true or false');

/** A whole number within limits, both included. */
export const whole = (min: number, max: number, unit = '') =>
  expecting(z.int().min(min).max(max), `a whole number from ${min} to ${max}${unit && ` (${unit})`}`);

/** A number within limits, both included. */
export const between = (min: number, max: number, unit = '') =>
  expecting(z.number().min(min).max(max), `a number from ${min} to ${max}${unit && ` (${unit})`}`);

export const port = () =>
  expecting(z.int().min(1).max(PORT_MAX), `a port, a whole number from 1 to ${PORT_MAX}`);

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  expecting(z.enum(values), values.map((value) => JSON.stringify(value)).join(' or '));

/** A Z85 key of 32 bytes: 40 characters of ZeroMQ RFC 32's alphabet. keys/ checks whether it is a valid key. */
export const z85Key = () =>
  expecting(
    z.string().regex(/^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/),
    'a CURVE key: 40 characters of Z85',
  );

export interface Endpoint {
  transport: 'tcp' | 'ipc';
  /** host, address (IPv6 in brackets), interface or `*`; the path of an ipc endpoint */
  host: string;
  /** undefined: any free port (`*`), or ipc */
  port: number | undefined;
}

/** Takes a ZeroMQ endpoint apart, or gives undefined for what is none. */
export function parseEndpoint(endpoint: string): Endpoint | undefined {
  if (/^ipc:\/\/./.test(endpoint)) {
    const path = endpoint.slice(6);
    return Buffer.byteLength(path) <= SOCKET_PATH_MAX
      ? { transport: 'ipc', host: path, port: undefined }
      : undefined;
  }
  const match = /^tcp:\/\/(\[[^\s\]]+\]|[^\s:/[\]]+):(\d{1,5}|\*)$/.exec(endpoint);
  if (!match?.[1] || !match[2]) return undefined;
  if (match[1].startsWith('[') && !isIPv6(match[1].slice(1, -1))) return undefined;
  if (match[2] === '*') return { transport: 'tcp', host: match[1], port: undefined };
  const number = Number(match[2]);
  return number > PORT_MAX ? undefined : { transport: 'tcp', host: match[1], port: number || undefined };
}

/** Where one of our sockets is opened: `*` or `[::]` for every address of IPv4 and IPv6, `*` or 0 for any free port. */
export const bindEndpoint = () =>
  expecting(
    z.string().refine((value) => parseEndpoint(value) !== undefined),
    'an endpoint to open, such as "tcp://*:9880" (IPv4 and IPv6), "tcp://127.0.0.1:9881", "tcp://[::1]:9881" or "ipc:///run/opq/backend"',
  );

/** Where a socket of another daemon is found: a host and a port. */
export const connectEndpoint = () =>
  expecting(
    z.string().refine((value) => {
      const endpoint = parseEndpoint(value);
      if (!endpoint) return false;
      return (
        endpoint.transport === 'ipc' ||
        (!['*', '[::]'].includes(endpoint.host) && endpoint.port !== undefined)
      );
    }),
    'an endpoint to connect to, such as "tcp://127.0.0.1:9881", "tcp://[2001:db8::7]:9881" or "ipc:///run/opq/backend"',
  );

export type StatusEndpoint = { host: string; port: number } | { path: string };

/** `host:port` or `unix:/path`; undefined for `off` and for what is none of these. The host `*` or `[::]` is every address, port 0 any free port. */
export function parseStatusEndpoint(value: string): StatusEndpoint | undefined {
  if (value.startsWith('unix:/')) {
    const path = value.slice('unix:'.length);
    return Buffer.byteLength(path) <= SOCKET_PATH_MAX ? { path } : undefined;
  }
  const match = /^(\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):(\d{1,5})$/.exec(value);
  if (!match?.[1] || !match[2] || Number(match[2]) > PORT_MAX) return undefined;
  return { host: match[1].replace(/^\[|\]$/g, ''), port: Number(match[2]) };
}

/** Whether only this machine reaches an address. */
export const isLoopback = (host: string): boolean => /^(127\.\d+\.\d+\.\d+|localhost|::1)$/.test(host);

/** Where HTTP is served. */
export const webAddress = () =>
  expecting(
    z.string().refine((value) => {
      const address = parseStatusEndpoint(value);
      return address !== undefined && 'host' in address;
    }),
    'an address such as "127.0.0.1:8088", "[::1]:8088" or "*:443" (IPv4 and IPv6)',
  );

export const tileAddress = () =>
  expecting(
    z
      .string()
      .max(500)
      .regex(/^https?:\/\/[\w{}.-]+(:\d+)?\/[^\s"'<>;,]*\{z\}[^\s"'<>;,]*$/),
    'an address with {z}, {x} and {y}, such as "https://tiles.example.org/{z}/{x}/{y}.png"',
  );

export const statusEndpoint = () =>
  expecting(
    z.string().refine((value) => value === 'off' || parseStatusEndpoint(value) !== undefined),
    'an address such as "127.0.0.1:9890", "[::1]:9890", "*:9890" (IPv4 and IPv6), "unix:/run/opq/status", or "off"',
  );

export const mongoUri = () =>
  expecting(
    z.string().regex(/^mongodb(\+srv)?:\/\/[^\s/]+/),
    'a MongoDB URI such as "mongodb://localhost:27017/opq"',
  );

export const storeUrlText = () =>
  expecting(
    z.string().regex(/^(sqlite:.+|mongodb(\+srv)?:\/\/[^\s/]+.*)$/),
    'a store URL: "sqlite:<file>" or "mongodb://..."',
  );
