/** `makai store check` for MongoDB: what stands in the way, and what somebody should look at. Changes nothing. */
import type { Db } from 'mongodb';
import { shownUrl } from '../../../common/store-url.js';
import type { Retention } from '../../documents.js';
import type { StoreFinding } from '../../finding.js';
import { connect } from '../connection/connect.js';
import { COLLECTION } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { numberOf, recordOf } from '../fields/bson.js';
import { checkContent } from './content.js';
import { checkIndexes } from './indexes.js';

/** @throws MakaiError STORE_UNAVAILABLE, STORE_ACCESS_DENIED, CONFIG_INVALID */
export async function checkMongoStore(url: string, mode: Retention['mode']): Promise<StoreFinding[]> {
  const { close, db } = await connect(url);
  try {
    return [
      await server(db, url),
      ...(await checkIndexes(db, mode)),
      ...(await validators(db)),
      ...(await retention(db, mode)),
      ...(await checkContent(db, mode)),
    ];
  } finally {
    await close();
  }
}

/** What stands in the way of the indexes alone, for `makai doctor`. @throws as `checkMongoStore` */
export async function checkMongoIndexes(
  url: string,
  mode: Retention['mode'],
  timeoutMs: number,
): Promise<StoreFinding[]> {
  const { close, db } = await connect(url, timeoutMs);
  try {
    return await checkIndexes(db, mode);
  } finally {
    await close();
  }
}

async function server(db: Db, url: string): Promise<StoreFinding> {
  const hello = await mapped('ask the server', () => db.command({ hello: 1 }));
  const kind =
    typeof hello.setName === 'string' ? `replica set ${hello.setName}` : 'a server that stands alone';
  const counts = await Promise.all(
    (['measurements', 'trends', 'events', 'boxEvents', 'boxes'] as const).map(async (name) => {
      const count = await mapped('count documents', () =>
        db.collection(COLLECTION[name]).estimatedDocumentCount(),
      );
      return `${count} ${COLLECTION[name]}`;
    }),
  );
  return {
    severity: 'info',
    message: `${shownUrl(url)}: ${kind}, database ${db.databaseName}; about ${counts.join(', ')}`,
  };
}

/** A validator is a rule of this database that our documents may break one day. */
async function validators(db: Db): Promise<StoreFinding[]> {
  const ours = new Set<string>(Object.values(COLLECTION));
  const collections = await mapped('list the collections', () => db.listCollections().toArray());
  return collections
    .filter((found) => ours.has(found.name) && recordOf(recordOf(found).options).validator !== undefined)
    .map(({ name }) => ({
      severity: 'warning' as const,
      message: `the collection ${name} has a validator`,
      hint: 'What it refuses is quarantined in the spool: compare it with docs/mongodb.md, or remove it with collMod.',
    }));
}

async function retention(db: Db, mode: Retention['mode']): Promise<StoreFinding[]> {
  const config = await mapped('read laha_config', () => db.collection(COLLECTION.lahaConfig).findOne());
  if (mode === 'ttl' && config !== null) {
    return [
      {
        severity: 'warning',
        message:
          'there is a laha_config: the analysis service prolongs documents by expire_at, which the TTL index of retention "ttl" does not see',
        hint: 'Set "retention": "laha" for both daemons (then check with --retention laha), or stop that service from collecting.',
      },
    ];
  }
  const findings: StoreFinding[] = [];
  if (mode === 'laha' && config === null) {
    findings.push({
      severity: 'info',
      message: 'there is no laha_config: times of life are those of our configuration',
    });
  }
  if (mode === 'laha') {
    for (const name of ['measurements', 'trends', 'events'] as const) {
      const dated = await mapped('look for dated documents', () =>
        db.collection(COLLECTION[name]).findOne({ expireAt: { $exists: true } }),
      );
      if (dated === null) continue;
      findings.push({
        severity: 'warning',
        message: `${name} of an earlier retention "ttl" still have the date expireAt (for example one that goes at ${String(dated.expireAt)}, expire_at ${String(numberOf(dated.expire_at))})`,
        hint: 'While a TTL index on expireAt is there, MongoDB deletes them by that date, prolonged or not. They end by themselves.',
      });
    }
  }
  return findings;
}
