/** Whether the database takes writes: replying is not enough (a full disk, a quota, a role that only reads, a lost majority). */
import { COLLECTION, type Context } from './context.js';
import { DUPLICATE_KEY, mapped, serverCode } from './errors.js';

type CheckDocument = { _id: string; at: Date };

/** Resolves when a small write is durable. @throws MakaiError STORE_UNAVAILABLE, STORE_ACCESS_DENIED */
export async function checkWrite({ db, now }: Context): Promise<void> {
  await mapped('write to MongoDB', async () => {
    try {
      const at = new Date(now());
      await db
        .collection<CheckDocument>(COLLECTION.counters)
        .updateOne({ _id: 'write_check' }, { $set: { at } }, { upsert: true });
    } catch (error) {
      // Another daemon has made the document at the same moment.
      if (serverCode(error) !== DUPLICATE_KEY) throw error;
    }
  });
}
