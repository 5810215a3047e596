/** Which events and incidents came after an id. */
import type { Document } from 'mongodb';
import type { NumberedKind } from '../../store.js';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { int32, numberOf } from '../fields/bson.js';

const WHERE = {
  event: { collection: 'events', field: 'event_id' },
  incident: { collection: 'incidents', field: 'incident_id' },
} as const satisfies Record<NumberedKind, object>;

export async function idsAfter(
  context: Context,
  kind: NumberedKind,
  afterId: number,
  limit: number,
): Promise<number[]> {
  return read(context, kind, { $gt: int32(afterId) }, 1, limit);
}

export async function highestId(context: Context, kind: NumberedKind): Promise<number> {
  return (await read(context, kind, { $type: 'number' }, -1, 1))[0] ?? 0;
}

function read(
  context: Context,
  kind: NumberedKind,
  wanted: Document,
  order: 1 | -1,
  limit: number,
): Promise<number[]> {
  const { collection: name, field } = WHERE[kind];
  return mapped(`look for the ids of new ${kind}s`, async () => {
    const found = await collection(context, name)
      .find({ [field]: wanted }, { projection: { [field]: 1, _id: 0 } })
      .sort({ [field]: order })
      .limit(limit)
      .toArray();
    return found.flatMap((document) => numberOf(document[field]) ?? []);
  });
}
