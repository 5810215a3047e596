/** Store: whether it answers and what it is; clock, as far as a database server tells. */

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { MakaiError, messageOf } from '../../common/errors.js';
import { shownUrl } from '../../common/store-url.js';
import { namesStore } from '../../config/resolve.js';
import { type Deployment, each } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';

const { ok, note, wrong } = reporter('store');
const clock = reporter('clock');
const MAX_OFFSET_MS = 2000;

export async function store(deployment: Deployment): Promise<Diagnosis[]> {
  const found = await Promise.all(storeUrls(deployment).map(oneStore));
  return found.flat();
}

/** The stores that the daemons use, each once; a triggering broker uses one only if its file names one. */
export function storeUrls(deployment: Deployment): string[] {
  const urls = each(deployment).flatMap(({ kind, settings }): string[] =>
    settings && (kind !== 'triggering-broker' || namesStore(settings.file)) ? [settings.storeUrl] : [],
  );
  return [...new Set(urls)];
}

/** The file of a `sqlite:` URL, or undefined. */
export function sqliteFileOf(url: string): string | undefined {
  return /^sqlite:(?:\/\/(?=\/))?(?!:memory:)(.+)$/.exec(url)?.[1];
}

async function oneStore(url: string): Promise<Diagnosis[]> {
  const subject = shownUrl(url);
  try {
    const file = sqliteFileOf(url);
    return file === undefined ? await mongo(url, subject) : await sqlite(file, subject);
  } catch (error) {
    const hint = error instanceof MakaiError ? error.hint : undefined;
    return [
      wrong(
        subject,
        messageOf(error),
        hint ?? 'check the store URL, that the server runs, and the rights on its files',
      ),
    ];
  }
}

async function sqlite(file: string, subject: string): Promise<Diagnosis[]> {
  const { inspectSqlite } = await import('../../store/sqlite/inspect.js');
  const { exists, bytes, version, newest } = inspectSqlite(file);
  if (!exists && !existsSync(dirname(file))) {
    return [
      wrong(
        subject,
        `the folder ${dirname(file)} does not exist`,
        'make it, for the user of the service alone',
      ),
    ];
  }
  if (!exists) return [ok(subject, 'is made at the first start')];
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  if (version === newest) return [ok(subject, `answers; ${size}, schema ${version}`)];
  return [
    note(
      subject,
      `${size}, schema ${version}; the next start makes it ${newest}`,
      'copy the file first, if an older version is to read it again',
    ),
  ];
}

async function mongo(url: string, subject: string): Promise<Diagnosis[]> {
  if (!/^mongodb(\+srv)?:/.test(url)) return [];
  const { inspectMongo } = await import('../../store/mongo/connection/inspect.js');
  const { database, serverVersion, replicaSet, clockOffsetMs } = await inspectMongo(url);
  const kind = replicaSet ? 'replica set' : 'stand-alone server';
  const found = [
    ok(
      subject,
      `answers; MongoDB ${serverVersion}, ${kind}, database ${database}; makai store check looks closer`,
    ),
  ];
  const seconds = (Math.abs(clockOffsetMs) / 1000).toFixed(1);
  if (Math.abs(clockOffsetMs) <= MAX_OFFSET_MS)
    return [...found, clock.ok(subject, `its clock and ours agree within ${seconds} s`)];
  const message = `its clock is ${seconds} s ${clockOffsetMs > 0 ? 'ahead of' : 'behind'} ours, so what expires does so too early or too late`;
  return [...found, clock.wrong(subject, message, 'let both machines follow a time server')];
}
