/** Which boxes have moved to the server's next key, as the running brokers say. */

import { dirname, resolve } from 'node:path';
import { GATEWAY_BOX_ID } from '../common/box-id.js';
import { messageOf } from '../common/errors.js';
import { locateConfigFile, statusEndpointOf } from '../config/locate.js';
import { parseStatusEndpoint } from '../config/types.js';
import { readStatus } from '../daemon/status/client.js';
import type { KeyLayout } from '../keys/layout.js';
import { listKeys } from '../keys/manage.js';
import { type Fields, fieldsAt } from './doctor/reading.js';

const BROKERS = ['triggering-broker', 'acquisition-broker'] as const;

export interface RotationProgress {
  /** ids of boxes that came last with the next key wherever they came */
  moved: string[];
  /** ids of boxes that came last with the present key at one of the brokers */
  staying: string[];
  /** certified ids that none of the brokers has seen since its start */
  unseen: string[];
  /** brokers that do not reply, and why */
  silent: string[];
}

/** @param endpoints of status servers; by default those of the working folder that holds the keys, or of the default configuration */
export async function rotationProgress(
  layout: KeyLayout,
  directory: string,
  endpoints: readonly string[] | undefined,
): Promise<RotationProgress> {
  const above = dirname(resolve(directory));
  const folder = locateConfigFile('triggering-broker', above) === undefined ? undefined : above;
  const [staying, moved] = [new Set<string>(), new Set<string>()];
  const silent: string[] = [];
  for (const endpoint of endpoints ?? BROKERS.map((kind) => statusEndpointOf(kind, folder))) {
    try {
      const keys = await boxesOnKey(endpoint);
      for (const id of idsOf(keys, 'present_ids')) staying.add(id);
      for (const id of idsOf(keys, 'next_ids')) moved.add(id);
    } catch (error) {
      silent.push(`${endpoint}: ${messageOf(error)}`);
    }
  }
  const { keys } = await listKeys(layout).catch(() => ({ keys: [] }));
  const certified = keys.flatMap(({ box_id, state }) =>
    state === 'allowed' && box_id !== null && isBox(box_id) ? [box_id] : [],
  );
  return {
    moved: [...moved].filter((id) => !staying.has(id)),
    staying: [...staying],
    unseen: certified.filter((id) => !staying.has(id) && !moved.has(id)),
    silent,
  };
}

async function boxesOnKey(endpoint: string): Promise<Fields> {
  const address = parseStatusEndpoint(endpoint);
  if (address === undefined) throw new Error('no address of a status server');
  const { details } = await readStatus(address);
  const keys = fieldsAt(details, 'access.gate.boxes_on_key');
  if (!Array.isArray(keys.present_ids)) throw new Error('no broker replies at this address');
  return keys;
}

function idsOf(keys: Fields, name: 'present_ids' | 'next_ids'): string[] {
  const ids = keys[name];
  return Array.isArray(ids) ? ids.filter((id): id is string => typeof id === 'string' && isBox(id)) : [];
}

/** The gateway reads the server's key on this machine: it moves by itself. */
const isBox = (id: string): boolean => id !== String(GATEWAY_BOX_ID);
