/** Requests of the acquisition broker that still wait for replies: a collection of ours. */
import { Binary, type Collection, ObjectId } from 'mongodb';
import type { OpenRequest } from '../../documents.js';
import { COLLECTION, type Context } from '../connection/context.js';
import { mapped } from '../connection/errors.js';

interface StoredRequest {
  /** the request's key */
  _id: string;
  /** as bytes: the text is nobody's but the acquisition broker's, and no server has an opinion on what is in it */
  body: Binary;
  /** rises in the order in which requests came */
  order: ObjectId;
}

export async function putOpenRequest(context: Context, { key, body }: OpenRequest): Promise<void> {
  const set = { body: new Binary(Buffer.from(body, 'utf8')) };
  await mapped('keep an open request', () =>
    requests(context).updateOne(
      { _id: key },
      { $set: set, $setOnInsert: { order: new ObjectId() } },
      { upsert: true },
    ),
  );
}

export async function removeOpenRequest(context: Context, key: string): Promise<void> {
  await mapped('remove an open request', () => requests(context).deleteOne({ _id: key }));
}

export async function readOpenRequests(context: Context): Promise<OpenRequest[]> {
  const documents = await mapped('read the open requests', () =>
    requests(context).find().sort({ order: 1 }).toArray(),
  );
  return documents.map(({ _id, body }) => ({ key: _id, body: Buffer.from(body.buffer).toString('utf8') }));
}

function requests({ db }: Context): Collection<StoredRequest> {
  return db.collection<StoredRequest>(COLLECTION.openRequests);
}
