/** `makai_metrics` and `health`: what daemons say of themselves and of the boxes, as the v3 services write it. */
import { type Document, ObjectId } from 'mongodb';
import {
  type BoxHealthQuery,
  DIAGNOSTICS_MS,
  type HealthDocument,
  type MetricsDocument,
} from '../documents.js';
import { type Context, collection } from './connection/context.js';
import { DUPLICATE_KEY, mapped, serverCode } from './connection/errors.js';
import { count, textOf } from './fields/bson.js';
import { contentId } from './fields/ids.js';

/** Findings looked at in one step. */
const FINDINGS_A_PAGE = 5000;

export async function insertMetrics(
  context: Context,
  document: MetricsDocument,
  acceptedAtMs: number,
): Promise<void> {
  const traffic =
    'bytes' in document
      ? { bytes: count(document.bytes) }
      : { sent: count(document.sent), recv: count(document.recv) };
  const _id = contentId(acceptedAtMs, String(acceptedAtMs), JSON.stringify(document));
  await insertOnce(context, 'metrics', { _id, name: document.name, ...traffic });
}

export async function insertHealth(context: Context, document: HealthDocument): Promise<void> {
  const { timestamp, service, serviceID, status, info } = document;
  await insertOnce(context, 'health', {
    _id: healthId(document),
    timestamp,
    service,
    serviceID,
    status,
    info,
  });
}

export async function readBoxHealth(
  context: Context,
  { boxId, descending, fromMs, limit, toMs }: BoxHealthQuery,
): Promise<HealthDocument[]> {
  const timestamp = {
    ...(fromMs === undefined ? {} : { $gte: new Date(fromMs) }),
    ...(toMs === undefined ? {} : { $lt: new Date(toMs) }),
  };
  const filter = {
    ...{ service: 'BOX', serviceID: boxId, info: { $gt: '' } },
    ...(Object.keys(timestamp).length === 0 ? {} : { timestamp }),
  };
  const order = descending ? -1 : 1;
  const found = await mapped('read health', () =>
    collection(context, 'health').find(filter).sort({ timestamp: order, info: order }).limit(limit).toArray(),
  );
  return found.flatMap(({ info, status, timestamp }) =>
    timestamp instanceof Date
      ? [
          {
            ...{ timestamp, service: 'BOX', serviceID: boxId, info: textOf(info) ?? '' },
            status: status === 'UP' ? 'UP' : 'DOWN',
          },
        ]
      : [],
  );
}

function healthId({
  timestamp,
  service,
  serviceID,
  status,
  info,
}: Omit<HealthDocument, 'status'> & { status: string }): ObjectId {
  const at = timestamp.getTime();
  return contentId(at, JSON.stringify([at, service, serviceID, status, info]));
}

/**
 * Deletes findings of ours that are older than `DIAGNOSTICS_MS`: 1,000 boxes make four million a day. Ours are recognised by their `_id`, which comes from what
 * they say; those of the existing health service stay.
 * @param after where the last call ended. @returns where the next goes on, undefined at the end
 */
export async function deleteOldFindings(
  context: Context,
  nowMs: number,
  after: ObjectId | undefined,
): Promise<ObjectId | undefined> {
  const old = { $lt: ObjectId.createFromTime(Math.floor((nowMs - DIAGNOSTICS_MS) / 1000)) };
  const _id = after === undefined ? old : { ...old, $gt: after };
  const page = await mapped('look through health', () =>
    collection(context, 'health').find({ _id }).sort({ _id: 1 }).limit(FINDINGS_A_PAGE).toArray(),
  );
  const ours = page
    .filter((finding) => finding._id.equals(idOfFinding(finding)))
    .map((finding) => finding._id);
  if (ours.length > 0) {
    await mapped('delete old health', () => collection(context, 'health').deleteMany({ _id: { $in: ours } }));
  }
  const last = page.at(-1)?._id;
  return page.length < FINDINGS_A_PAGE ? undefined : last;
}

/** The `_id` that a stored finding has if it is ours. */
function idOfFinding(finding: Document): ObjectId | undefined {
  const { timestamp } = finding;
  const [service, serviceID, status, info] = ['service', 'serviceID', 'status', 'info'].map((name) =>
    textOf(finding[name]),
  );
  if (!(timestamp instanceof Date) || service === undefined || serviceID === undefined) return undefined;
  if (status === undefined || info === undefined) return undefined;
  return healthId({ timestamp, service, serviceID, status, info });
}

/** One that is there already is the same one, written before. */
async function insertOnce(
  context: Context,
  name: 'metrics' | 'health',
  document: Document & { _id: ObjectId },
): Promise<void> {
  await mapped(`write ${name}`, async () => {
    try {
      await collection(context, name).insertOne(document);
    } catch (error) {
      if (serverCode(error) !== DUPLICATE_KEY) throw error;
    }
  });
}
