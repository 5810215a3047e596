/** Store: whether it is available, and its kind and version. Clock: compared with the clock of the database server. */

import { dirname } from 'node:path';
import { MakaiError, messageOf } from '../../common/errors.js';
import { isThere } from '../../common/is-there.js';
import { placeOf, shownUrl } from '../../common/store-url.js';
import { namesStore } from '../../config/resolve.js';
import type { Retention } from '../../store/documents.js';
import { type Deployment, each } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';

const { ok, note, wrong } = reporter('store');
const clock = reporter('clock');
const MAX_OFFSET_MS = 2000;

export async function store(deployment: Deployment): Promise<Diagnosis[]> {
  const found = await Promise.all(
    storeUrls(deployment).map((url) => oneStore(url, retentionOf(deployment, url))),
  );
  return found.flat();
}

/** The stores that the daemons use, without duplicates. A triggering broker uses a store only if its file names one. */
export function storeUrls(deployment: Deployment): string[] {
  const urls = each(deployment).flatMap(({ kind, settings }): string[] =>
    settings && (kind !== 'triggering-broker' || namesStore(settings.file)) ? [settings.storeUrl] : [],
  );
  return [...new Map(urls.map((url) => [placeOf(url), url])).values()];
}

/** The file of a `sqlite:` URL, or undefined. */
export function sqliteFileOf(url: string): string | undefined {
  return /^sqlite:(?:\/\/(?=\/))?(?!:memory:)(.+)$/.exec(url)?.[1];
}

/** How the daemons that write to a store keep its data. */
function retentionOf(deployment: Deployment, url: string): Retention['mode'] | undefined {
  const writers = [deployment['acquisition-broker'].settings, deployment['triggering-service'].settings];
  return writers.find((settings) => settings && placeOf(settings.storeUrl) === placeOf(url))?.retention.mode;
}

async function oneStore(url: string, mode: Retention['mode'] | undefined): Promise<Diagnosis[]> {
  const subject = shownUrl(url);
  try {
    const file = sqliteFileOf(url);
    return file === undefined ? await mongo(url, subject, mode) : await sqlite(file, subject);
  } catch (error) {
    const hint = error instanceof MakaiError ? error.hint : undefined;
    return [
      wrong(
        subject,
        messageOf(error),
        hint ?? 'check the store URL, whether the server runs, and the rights on its files',
      ),
    ];
  }
}

async function sqlite(file: string, subject: string): Promise<Diagnosis[]> {
  const { inspectSqlite } = await import('../../store/sqlite/inspect.js');
  const { exists, bytes, version, newest } = inspectSqlite(file);
  if (!exists && !isThere(dirname(file), 'STORE_UNAVAILABLE')) {
    return [
      wrong(
        subject,
        `the folder ${dirname(file)} does not exist`,
        'create it, accessible only to the user of the service',
      ),
    ];
  }
  if (!exists) return [ok(subject, 'is created at the first start')];
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  if (version === newest) return [ok(subject, `available; ${size}, schema ${version}`)];
  return [
    note(
      subject,
      `${size}, schema ${version}; the next start upgrades it to ${newest}`,
      `a copy of the file, ${file}.schema-${version}, is kept then for the way back`,
    ),
  ];
}

function secondWriter(subject: string): Diagnosis {
  return note(
    subject,
    'two programs write incidents: the analysis service of makai and another one',
    'set incident_id_endpoint to that of the other (port 9777), or "incidents": "off", so that no incident id is given twice',
  );
}

const INDEXES_MS = 4000;

/** Indexes that differ from ours: duplicates are not refused, or documents of ours are. */
async function indexes(url: string, subject: string, mode: Retention['mode']): Promise<Diagnosis[]> {
  const { checkMongoIndexes } = await import('../../store/mongo/check/check.js');
  const found = await checkMongoIndexes(url, mode, INDEXES_MS);
  return found
    .filter(({ severity }) => severity !== 'info')
    .map(({ hint, message, severity }) =>
      (severity === 'error' ? wrong : note)(subject, message, hint ?? 'makai store check says more'),
    );
}

async function mongo(
  url: string,
  subject: string,
  mode: Retention['mode'] | undefined,
): Promise<Diagnosis[]> {
  if (!/^mongodb(\+srv)?:/.test(url)) return [];
  const { inspectMongo } = await import('../../store/mongo/connection/inspect.js');
  const { clockOffsetMs, database, incidentWriters, replicaSet, serverVersion } = await inspectMongo(url);
  const kind = replicaSet ? 'replica set' : 'stand-alone server';
  const found = [
    ok(
      subject,
      `available; MongoDB ${serverVersion}, ${kind}, database ${database}; makai store check checks its content`,
    ),
  ];
  if (incidentWriters.makai && incidentWriters.others) found.push(secondWriter(subject));
  if (mode !== undefined) found.push(...(await indexes(url, subject, mode)));
  const seconds = (Math.abs(clockOffsetMs) / 1000).toFixed(1);
  if (Math.abs(clockOffsetMs) <= MAX_OFFSET_MS)
    return [...found, clock.ok(subject, `its clock and ours agree within ${seconds} s`)];
  const message = `its clock is ${seconds} s ${clockOffsetMs > 0 ? 'ahead of' : 'behind'} ours, so data expires too early or too late`;
  return [...found, clock.wrong(subject, message, 'synchronise both machines with a time server')];
}
