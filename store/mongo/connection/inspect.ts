/** What can be said of a MongoDB server without changing anything in it. */

import type { Db, Document } from 'mongodb';
import { shownUrl } from '../../../common/store-url.js';
import { connect } from './connect.js';
import { COLLECTION } from './context.js';

export interface MongoInspection {
  /** without user and password */
  url: string;
  database: string;
  serverVersion: string;
  replicaSet: boolean;
  /** the server's clock less ours, ms; half the round trip taken off */
  clockOffsetMs: number;
  /** who writes into the collection `incidents`: the analysis service of makai, another program */
  incidentWriters: { makai: boolean; others: boolean };
}

/** Incidents of makai have a `source`. */
async function incidentWriters(db: Db): Promise<MongoInspection['incidentWriters']> {
  const has = async (filter: Document): Promise<boolean> =>
    (await db.collection(COLLECTION.incidents).findOne(filter, { projection: { _id: 1 } })) !== null;
  return {
    makai: await has({ source: { $exists: true } }),
    others: await has({ source: { $exists: false } }),
  };
}

/**
 * Asks a server who it is.
 * @throws MakaiError STORE_UNAVAILABLE, STORE_ACCESS_DENIED, CONFIG_INVALID
 */
export async function inspectMongo(url: string, timeoutMs = 4000): Promise<MongoInspection> {
  const { close, db } = await connect(url, timeoutMs);
  try {
    const before = Date.now();
    const hello = await db.command({ hello: 1 });
    const middle = (before + Date.now()) / 2;
    const build = await db.command({ buildInfo: 1 });
    const localTime: unknown = hello.localTime;
    return {
      url: shownUrl(url),
      database: db.databaseName,
      serverVersion: typeof build.version === 'string' ? build.version : 'unknown',
      replicaSet: typeof hello.setName === 'string',
      incidentWriters: await incidentWriters(db),
      clockOffsetMs: localTime instanceof Date ? Math.round(localTime.getTime() - middle) : 0,
    };
  } finally {
    await close();
  }
}
