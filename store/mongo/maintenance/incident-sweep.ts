/** Deletes expired incidents with their samples, and samples that a crash left without an incident. */
import { type Document, ObjectId } from 'mongodb';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { deleteFiles, fileIds } from '../events/gridfs.js';
import { recordOf, textOf } from '../fields/bson.js';

const PAGE = 500;
const PAGES_A_SWEEP = 20;
/** Younger than this, a file may be on its way into an incident. */
const GRACE_MS = 600_000;

export async function deleteExpiredIncidents(
  context: Context,
  expired: Document,
  over: () => boolean,
): Promise<number> {
  let deleted = 0;
  for (let page = 0; page < PAGES_A_SWEEP && !over(); page += 1) {
    const found = await mapped('find expired incidents', () =>
      collection(context, 'incidents')
        .find(expired, { projection: { gridfs_filename: 1 } })
        .limit(PAGE)
        .toArray(),
    );
    if (found.length === 0) break;
    const names = found.map((one) => textOf(one.gridfs_filename) ?? '').filter((name) => name !== '');
    await deleteFiles(context, await fileIds(context, names));
    const _id = { $in: found.map((one) => one._id) };
    const result = await mapped('delete expired incidents', () =>
      collection(context, 'incidents').deleteMany({ _id, ...expired }),
    );
    deleted += result.deletedCount;
    if (found.length < PAGE) break;
  }
  return deleted;
}

/**
 * @param after where the last sweep ended
 * @returns `next`: where the next one goes on, undefined at the end
 */
export async function incidentFileOrphans(
  context: Context,
  nowMs: number,
  after: ObjectId | undefined,
): Promise<{ deleted: number; next: ObjectId | undefined }> {
  const page = await mapped('look through files of incidents', () =>
    collection(context, 'files')
      .find(
        {
          ...(after === undefined ? {} : { _id: { $gt: after } }),
          'metadata.incident_id': { $exists: true },
          filename: /^incident_\d+$/,
        },
        { projection: { filename: 1, metadata: 1, uploadDate: 1 } },
      )
      .sort({ _id: 1 })
      .limit(PAGE)
      .toArray(),
  );
  const last = page.at(-1)?._id;
  const next = page.length < PAGE || !(last instanceof ObjectId) ? undefined : last;
  const old = page.filter(
    (file) => file.uploadDate instanceof Date && file.uploadDate.getTime() < nowMs - GRACE_MS,
  );
  if (old.length === 0) return { deleted: 0, next };
  const ids = old.map((file) => recordOf(file.metadata).incident_id);
  const named = await mapped('look for the incidents of files', () =>
    collection(context, 'incidents')
      .find({ incident_id: { $in: ids } }, { projection: { gridfs_filename: 1 } })
      .toArray(),
  );
  const names = new Set(named.map((incident) => textOf(incident.gridfs_filename)));
  const orphans = old.filter((file) => !names.has(textOf(file.filename)));
  await deleteFiles(
    context,
    orphans.map((file) => file._id),
  );
  return { deleted: orphans.length, next };
}
