/** Keys and ids in the store: keys of boxes that no broker reads, and boxes that still have the default id. */
import { DEFAULT_BOX_ID } from '../../common/box-id.js';
import type { AcquisitionBrokerSettings, TriggeringBrokerSettings } from '../../config/settings.js';
import { listKeysIn } from '../../keys/manage.js';
import type { BoxDocument } from '../../store/documents.js';
import type { Deployment } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';
import { listed, type Stored } from './stored.js';

const { note } = reporter('keys');

export async function storedKeys(deployment: Deployment, { boxes }: Stored): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  for (const kind of ['triggering-broker', 'acquisition-broker'] as const) {
    const settings = deployment[kind].settings;
    if (settings !== undefined) found.push(...(await unread(kind, settings, boxes)));
  }
  if (boxes.some(({ box_id }) => box_id === String(DEFAULT_BOX_ID)))
    found.push(
      note('box 0', 'has the default id of a box', 'give the box an id of its own, in its settings and here'),
    );
  return found;
}

async function unread(
  kind: string,
  { allow }: TriggeringBrokerSettings | AcquisitionBrokerSettings,
  boxes: readonly BoxDocument[],
): Promise<Diagnosis[]> {
  if (allow.any || allow.store) return [];
  const read = allow.directory === undefined ? new Set<string>() : await listKeysIn(allow.directory);
  const ids = boxes
    .filter(({ public_key: key }) => key !== undefined && !read.has(key))
    .map((box) => box.box_id);
  if (ids.length === 0) return [];
  return [
    note(
      kind,
      `no source reads the keys in opq_boxes of ${ids.length} boxes: ${listed(ids)}`,
      `name the store and set "white_list": "both" in the file of the ${kind}, or put their certificates into client_certs`,
    ),
  ];
}
