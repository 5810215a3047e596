/** Which boxes may connect, by the certificates of the brokers' folders and the keys in the store. */
import { GATEWAY_BOX_ID } from '../../common/box-id.js';
import { silentLogger } from '../../common/log.js';
import { DirectorySource } from '../../keys/directory-source.js';
import type { BoxDocument } from '../../store/documents.js';
import type { Deployment } from '../doctor/deployment.js';

/**
 * Ids with a key that one of the brokers reads. Nothing of a folder that cannot be read.
 * @param stored the records of the boxes
 */
export async function certifiedIds(
  deployment: Deployment,
  { boxes }: { boxes: readonly BoxDocument[] },
): Promise<ReadonlySet<string>> {
  const brokers = [deployment['triggering-broker'].settings, deployment['acquisition-broker'].settings];
  const ids = new Set<string>();
  for (const { directory, store } of brokers.flatMap((settings) => settings?.allow ?? [])) {
    if (directory !== undefined) for (const id of await idsIn(directory)) ids.add(id);
    if (store)
      for (const { box_id, public_key } of boxes)
        if (public_key !== undefined && public_key !== '') ids.add(box_id);
  }
  // That of the gateway is no box.
  ids.delete(String(GATEWAY_BOX_ID));
  return ids;
}

async function idsIn(folder: string): Promise<string[]> {
  const content = await new DirectorySource(folder, silentLogger()).read().catch(() => undefined);
  return content?.entries.map(({ boxId }) => boxId) ?? [];
}
