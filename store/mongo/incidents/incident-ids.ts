/** Ids of incidents: int32, rising, drawn atomically, past every id that another program has written. One drawn whose reply is lost is a gap. */
import type { Collection, Document } from 'mongodb';
import { type Context, collection } from '../connection/context.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { int32, numberOf } from '../fields/bson.js';

interface Counter extends Document {
  _id: string;
  last: unknown;
}

const KEY = { _id: 'incident_id' };

export async function nextIncidentIds(context: Context, count: number): Promise<number[]> {
  if (count === 0) return [];
  return await mapped('draw incident ids', async () => {
    const counters: Collection<Counter> = context.db.collection<Counter>('makai_counters');
    const newest = await collection(context, 'incidents')
      .find({ incident_id: { $type: 'number' } }, { projection: { incident_id: 1 } })
      .sort({ incident_id: -1 })
      .limit(1)
      .toArray();
    const highest = numberOf(newest[0]?.incident_id) ?? 0;
    await raised(counters, highest);
    const after = await counters.findOneAndUpdate(
      KEY,
      { $inc: { last: int32(count) } },
      { returnDocument: 'after' },
    );
    const last = numberOf(after?.last) ?? highest + count;
    return Array.from({ length: count }, (_, i) => last - count + 1 + i);
  });
}

async function raised(counters: Collection<Counter>, highest: number): Promise<void> {
  try {
    await counters.updateOne(KEY, { $max: { last: int32(highest) } }, { upsert: true });
  } catch (error) {
    // Another process made the counter at the same time.
    if (serverCode(error) !== DUPLICATE_KEY) throw error;
    await counters.updateOne(KEY, { $max: { last: int32(highest) } });
  }
}
