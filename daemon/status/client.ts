/** Reads the status and metrics of a running daemon. */
import { request } from 'node:http';
import type { DaemonStatus, ListenAddress } from './server.js';

const MAX_BYTES = 8 * 1024 * 1024;
/** On a machine that is busy a daemon replies after seconds; it runs all the same. */
const REPLY_MS = 10_000;
/** 100,000 boxes. */
const MAX_BOX_HEALTH_BYTES = 128 * 1024 * 1024;

/**
 * GET /status of a daemon.
 * @throws Error on a timeout, or when another program listens there
 */
export async function readStatus(address: ListenAddress, timeoutMs = REPLY_MS): Promise<DaemonStatus> {
  const value: unknown = JSON.parse(await get(address, '/status', timeoutMs));
  if (!isStatus(value)) throw new Error('another program listens there');
  return value;
}

/**
 * GET /metrics of a daemon.
 * @throws Error as readStatus
 */
export function readMetrics(address: ListenAddress, timeoutMs = REPLY_MS): Promise<string> {
  return get(address, '/metrics', timeoutMs);
}

/**
 * GET /box-health of a daemon: one JSON document per box.
 * @param boxId only this one
 * @throws Error as readStatus, also where the daemon has none
 */
export async function readBoxHealth(
  address: ListenAddress,
  boxId: string | undefined,
  timeoutMs = REPLY_MS,
): Promise<unknown[]> {
  const path = boxId === undefined ? '/box-health' : `/box-health?box=${boxId}`;
  const text = await get(address, path, timeoutMs, MAX_BOX_HEALTH_BYTES);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

function get(address: ListenAddress, path: string, timeoutMs: number, maxBytes = MAX_BYTES): Promise<string> {
  const where =
    'path' in address ? { socketPath: address.path } : { host: reachable(address.host), port: address.port };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = request({ ...where, path, agent: false, signal }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        body += piece;
        if (body.length > maxBytes) response.destroy(new Error('the reply is too long'));
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`replied with HTTP ${response.statusCode}`));
      });
    });
    outgoing.on('error', (error) =>
      reject(signal.aborted ? new Error(`timed out after ${timeoutMs} ms`) : error),
    );
    outgoing.end();
  });
}

/** Where a server on every address of this machine is reached. */
function reachable(host: string): string {
  return host === '*' ? 'localhost' : host;
}

function isStatus(value: unknown): value is DaemonStatus {
  return (
    typeof value === 'object' && value !== null && 'daemon' in value && 'pid' in value && 'details' in value
  );
}
