/** What the checks need of the store's documents, read once. */
import { openStoreToRead } from '../../daemon/store.js';
import type { BoxDocument, MakaiConfigDocument } from '../../store/documents.js';
import type { Deployment } from './deployment.js';

export interface Stored {
  boxes: BoxDocument[];
  config: MakaiConfigDocument | undefined;
  /** false: the store could not be read */
  isKnown: boolean;
}

const NOTHING: Stored = { boxes: [], config: undefined, isKnown: false };

/** Nothing where the store cannot be read: that is found elsewhere. */
export async function readStored(deployment: Deployment): Promise<Stored> {
  const settings = deployment['acquisition-broker'].settings ?? deployment['triggering-service'].settings;
  if (settings === undefined) return NOTHING;
  try {
    const store = await openStoreToRead(settings);
    try {
      const [boxes, config] = await Promise.all([store.boxes(), store.makaiConfig()]);
      return { boxes, config, isKnown: true };
    } finally {
      await store.close();
    }
  } catch {
    return NOTHING;
  }
}

/** Ids listed in one finding. */
const LISTED = 10;

export function listed(ids: readonly string[]): string {
  return `${ids.slice(0, LISTED).join(', ')}${ids.length > LISTED ? ' and more' : ''}`;
}
