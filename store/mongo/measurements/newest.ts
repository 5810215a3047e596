/** How far measurements and trends of each box have come: by index, a few small queries per box, many boxes at a time. */
import type { NewestOfBox } from '../../documents.js';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { boxIdOf, numberOf } from '../fields/bson.js';

const AT_ONCE = 16;

/** @param wanted ids of boxes that are looked at; left out: all */
export async function newestByBox(
  context: Context,
  wanted: (boxId: string) => boolean = () => true,
): Promise<NewestOfBox[]> {
  const stored = await mapped('list the boxes with measurements', () =>
    collection(context, 'measurements').distinct('box_id'),
  );
  const boxIds = stored.flatMap((value) => boxIdOf(value) ?? []).filter(wanted);
  const newest: NewestOfBox[] = [];
  for (let at = 0; at < boxIds.length; at += AT_ONCE) {
    const found = await Promise.all(boxIds.slice(at, at + AT_ONCE).map((boxId) => newestOf(context, boxId)));
    newest.push(...found.filter((entry) => entry !== undefined));
  }
  return newest;
}

async function newestOf(context: Context, boxId: string): Promise<NewestOfBox | undefined> {
  const time = async (name: 'measurements' | 'trends'): Promise<number | undefined> => {
    const document = await collection(context, name).findOne(
      { box_id: boxId },
      { sort: { timestamp_ms: -1 }, projection: { _id: 0, timestamp_ms: 1 } },
    );
    return numberOf(document?.timestamp_ms);
  };
  const [measurementMs, trendMs] = await mapped(`look how far box ${boxId} has come`, () =>
    Promise.all([time('measurements'), time('trends')]),
  );
  if (measurementMs === undefined) return undefined;
  return trendMs === undefined ? { boxId, measurementMs } : { boxId, measurementMs, trendMs };
}
