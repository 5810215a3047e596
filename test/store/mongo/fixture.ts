/** A fresh database on the test server, for the contract suite and for tests that look at the documents themselves. */
import { randomUUID } from 'node:crypto';
import { type Db, MongoClient } from 'mongodb';
import type { BoxEventDocument, LahaConfigDocument } from '../../../store/documents.js';
import { int32, int64 } from '../../../store/mongo/fields/bson.js';
import type { Store } from '../../../store/store.js';
import type { StoreFixture } from '../contract.js';

export interface FreshDatabase {
  url: string;
  /** as another program sees it */
  db: Db;
  remove(): Promise<void>;
}

export async function freshDatabase(uri: string): Promise<FreshDatabase> {
  const name = `makai_test_${randomUUID().slice(0, 8)}`;
  const client = new MongoClient(uri);
  await client.connect();
  const db = client.db(name);
  const [base, query] = uri.split('?');
  return {
    url: `${base}/${name}${query === undefined ? '' : `?${query}`}`,
    db,
    remove: async () => {
      await db.dropDatabase();
      await client.close();
    },
  };
}

export async function mongoFixture(
  uri: string,
  open: (url: string) => Promise<Store>,
): Promise<StoreFixture & { db: Db }> {
  const { url, db, remove } = await freshDatabase(uri);
  const stores: Store[] = [];
  const another = async (): Promise<Store> => {
    const store = await open(url);
    stores.push(store);
    return store;
  };
  return {
    db,
    store: await another(),
    another,
    writeLahaConfig: async (document: LahaConfigDocument) => {
      const ttls = Object.fromEntries(
        Object.entries(document.ttls).map(([name, seconds]) => [name, int32(seconds)]),
      );
      await db.collection('laha_config').insertOne({ ttls });
    },
    written: (collection) => db.collection(collection).find().toArray(),
    halfDone: (stage, boxEvent, samples) => leaveHalfDone(db, stage, boxEvent, samples),
    cleanup: async () => {
      for (const store of stores) await store.close();
      await remove();
    },
  };
}

/** What a crash leaves, written by hand so that it does not depend on the code under test. */
async function leaveHalfDone(
  db: Db,
  stage: 'file' | 'box event',
  boxEvent: BoxEventDocument,
  samples: Int16Array,
): Promise<void> {
  const { GridFSBucket } = await import('mongodb');
  const { event_id, box_id } = boxEvent;
  const stream = new GridFSBucket(db).openUploadStream(boxEvent.data_fs_filename, {
    metadata: { event_id: int32(event_id), box_id },
  });
  const bytes = Buffer.alloc(samples.length * 2);
  for (const [at, sample] of samples.entries()) bytes.writeInt16LE(sample, at * 2);
  await new Promise<void>((resolve, reject) => {
    stream.on('finish', () => resolve());
    stream.on('error', reject);
    stream.end(bytes);
  });
  if (stage === 'file') return;
  await db.collection('box_events').insertOne({
    event_id: int32(event_id),
    box_id,
    event_start_timestamp_ms: int64(boxEvent.event_start_timestamp_ms),
    event_end_timestamp_ms: int64(boxEvent.event_end_timestamp_ms),
    window_timestamps_ms: boxEvent.window_timestamps_ms.map(int64),
    location: boxEvent.location,
    data_fs_filename: boxEvent.data_fs_filename,
  });
}
