/** The public keys of a store's boxes, for the brokers' list of who may enter, and whether they are those of now. */
import { spoolOf } from './spool/index.js';
import type { Store } from './store.js';

export interface StoredBoxKeys {
  boxes: { boxId: string; publicKey: string | undefined }[];
  /** why these may be keys of before */
  outdated: string | undefined;
}

/** @throws MakaiError STORE_UNAVAILABLE where the store is away, and no spool in front of it remembers its boxes */
export async function storedBoxKeys(store: Store): Promise<StoredBoxKeys> {
  const isAway = (): boolean => spoolOf(store)?.stats().state === 'away';
  const wasAway = isAway();
  const boxes = (await store.boxes()).map((box) => ({ boxId: box.box_id, publicKey: box.public_key }));
  // The spool answers from memory while the database is away, also where that was found out by this very question.
  const outdated = wasAway || isAway() ? 'the database is away: its keys as they were last read' : undefined;
  return { boxes, outdated };
}
