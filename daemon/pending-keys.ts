/** Pending keys: those that the running brokers refused, read from their status servers. */
import { messageOf } from '../common/errors.js';
import { statusEndpointOf } from '../config/locate.js';
import { parseStatusEndpoint } from '../config/types.js';
import { readStatus } from '../daemon/status/client.js';
import type { KeyLayout } from '../keys/layout.js';
import { listKeys } from '../keys/manage.js';
import type { RefusedKey } from '../keys/refusals.js';

const BROKERS = ['triggering-broker', 'acquisition-broker'] as const;

/**
 * @param endpoints of status servers; by default those of the default configuration
 * @param layout folder of the keys that were approved; undefined: none are there
 * @returns refused keys of all brokers, one entry per key, newest first, without those that were approved since; and which servers did not reply
 */
export async function readPending(
  endpoints: readonly string[] | undefined,
  layout: KeyLayout | undefined,
): Promise<{ keys: RefusedKey[]; silent: string[] }> {
  const silent: string[] = [];
  const merged = new Map<string, RefusedKey>();
  for (const endpoint of endpoints ?? BROKERS.map((kind) => statusEndpointOf(kind))) {
    try {
      for (const key of await pendingAt(endpoint)) merge(merged, key);
    } catch (error) {
      silent.push(`${endpoint}: ${messageOf(error)}`);
    }
  }
  const { keys: listed } =
    layout === undefined ? { keys: [] } : await listKeys(layout).catch(() => ({ keys: [] }));
  for (const { public_key, state } of listed) if (state === 'allowed') merged.delete(public_key);
  return { keys: [...merged.values()].sort((a, b) => b.last_ms - a.last_ms), silent };
}

async function pendingAt(endpoint: string): Promise<RefusedKey[]> {
  const address = parseStatusEndpoint(endpoint);
  if (address === undefined) throw new Error('no address of a status server');
  const { details } = await readStatus(address);
  const list = at(at(at(details, 'access'), 'gate'), 'pending');
  if (!Array.isArray(list)) throw new Error('no broker replies at this address');
  return list.filter(isRefusedKey);
}

function merge(merged: Map<string, RefusedKey>, key: RefusedKey): void {
  const other = merged.get(key.public_key);
  if (other === undefined) {
    merged.set(key.public_key, key);
    return;
  }
  const newest = key.last_ms > other.last_ms ? key : other;
  const first_ms = Math.min(key.first_ms, other.first_ms);
  merged.set(key.public_key, { ...newest, count: key.count + other.count, first_ms });
}

function at(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
}

function isRefusedKey(value: unknown): value is RefusedKey {
  return (
    typeof at(value, 'public_key') === 'string' &&
    typeof at(value, 'address') === 'string' &&
    typeof at(value, 'reason') === 'string' &&
    Number.isSafeInteger(at(value, 'count')) &&
    Number.isSafeInteger(at(value, 'first_ms')) &&
    Number.isSafeInteger(at(value, 'last_ms'))
  );
}
