/** The public keys of a store's boxes, for the brokers' list of who may connect, and whether they are current. */
import type { BoxReader, Maintenance } from './store.js';

/** What this needs of a store. */
export type KeyReader = Pick<BoxReader, 'boxes'> & Pick<Maintenance, 'state'>;

export interface StoredBoxKeys {
  boxes: { boxId: string; publicKey: string | undefined; isMeter?: boolean }[];
  /** why these may be old keys */
  outdated: string | undefined;
}

/** @throws MakaiError STORE_UNAVAILABLE where the store is unavailable, and no spool in front of it remembers its boxes */
export async function storedBoxKeys(store: KeyReader): Promise<StoredBoxKeys> {
  const wasAvailable = store.state().available;
  const boxes = (await store.boxes()).map((box) => ({
    boxId: box.box_id,
    publicKey: box.public_key,
    ...(box.kind === 'meter' ? { isMeter: true } : {}),
  }));
  // A spool replies from memory while the database is unavailable, also where that was found out by this very question.
  const isCurrent = wasAvailable && store.state().available;
  return {
    boxes,
    outdated: isCurrent ? undefined : 'the database is unavailable: its keys as they were last read',
  };
}
