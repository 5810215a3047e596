/**
 * The indexes of docs/data-model.md: made where missing, never dropped. One that is there under the same name or fields with other options is
 * an error that names both. Where duplicates from before prevent a unique one, a plain one takes its place and we look before we write.
 */
import type { Db, Document } from 'mongodb';
import { MakaiError } from '../../../common/errors.js';
import type { Retention } from '../../documents.js';
import { COLLECTION } from '../connection/context.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { numberOf, recordOf } from '../fields/bson.js';

export interface WantedIndex {
  collection: string;
  key: Record<string, 1 | -1>;
  unique?: boolean;
  /** TTL: seconds past the indexed date */
  expireAfterSeconds?: number;
  /** only documents that have this field */
  whereExists?: string;
}

/** The slip in a script of existing services: with this index the second measurement of a box is refused. */
export const MISSPELT_FIELD = 'timetstamp_ms';

export function wantedIndexes(mode: Retention['mode']): WantedIndex[] {
  const { measurements, trends, events, boxEvents, files, chunks, boxes, health } = COLLECTION;
  const expiring = (collection: string): WantedIndex =>
    mode === 'ttl'
      ? { collection, key: { expireAt: 1 }, expireAfterSeconds: 0 }
      : { collection, key: { expire_at: 1 } };
  return [
    { collection: measurements, key: { box_id: 1, timestamp_ms: 1 }, unique: true },
    expiring(measurements),
    { collection: trends, key: { box_id: 1, timestamp_ms: 1 }, unique: true },
    expiring(trends),
    { collection: events, key: { event_id: 1 }, unique: true },
    { collection: events, key: { target_event_start_timestamp_ms: 1 } },
    expiring(events),
    { collection: boxEvents, key: { event_id: 1, box_id: 1 }, unique: true },
    { collection: boxEvents, key: { event_start_timestamp_ms: 1, box_id: 1 } },
    { collection: files, key: { filename: 1, uploadDate: 1 } },
    { collection: chunks, key: { files_id: 1, n: 1 }, unique: true },
    { collection: boxes, key: { box_id: 1 }, unique: true },
    { collection: boxes, key: { name: 1 }, unique: true, whereExists: 'name' },
    { collection: health, key: { timestamp: 1 } },
  ];
}

/** An index as `listIndexes` describes it, the parts that matter here. */
export interface FoundIndex {
  name: string;
  key: Record<string, unknown>;
  unique: boolean;
  expireAfterSeconds: number | undefined;
  partial: Document | undefined;
  sparse: boolean;
}

export type IndexState = 'there' | 'missing' | 'plain' | { conflict: FoundIndex };

export async function listIndexes(db: Db, collection: string): Promise<FoundIndex[]> {
  return await mapped(`list the indexes of ${collection}`, async () => {
    try {
      const indexes = await db.collection(collection).listIndexes().toArray();
      return indexes.map(foundIndex);
    } catch (error) {
      if (serverCode(error) === 26) return []; // NamespaceNotFound: the collection is not there yet
      throw error;
    }
  });
}

function foundIndex(document: Document): FoundIndex {
  return {
    name: String(document.name),
    key: recordOf(document.key),
    unique: document.unique === true,
    expireAfterSeconds: numberOf(document.expireAfterSeconds),
    partial:
      document.partialFilterExpression === undefined ? undefined : recordOf(document.partialFilterExpression),
    sparse: document.sparse === true,
  };
}

/** Name that the driver and the shell give: fields and directions. */
export function indexName(wanted: WantedIndex): string {
  return Object.entries(wanted.key).flat().join('_');
}

/** Our name for the plain index that stands in for a unique one. */
export function plainName(wanted: WantedIndex): string {
  return `makai_plain_${Object.keys(wanted.key).join('_')}`;
}

/** What the indexes that are there mean for a wanted one. */
export function stateOf(wanted: WantedIndex, found: readonly FoundIndex[]): IndexState {
  const sameFields = found.filter((index) => sameKey(index.key, wanted.key));
  if (sameFields.some((index) => fits(index, wanted))) return 'there';
  if (sameFields.some((index) => index.name === plainName(wanted))) return 'plain';
  const other =
    sameFields.find((index) => !special(index)) ?? found.find((index) => index.name === indexName(wanted));
  return other === undefined ? 'missing' : { conflict: other };
}

/** Partial or sparse indexes serve other purposes and may stand beside ours. */
const special = (index: FoundIndex): boolean => index.partial !== undefined || index.sparse;

function fits(index: FoundIndex, wanted: WantedIndex): boolean {
  if (index.unique !== (wanted.unique ?? false)) return false;
  if (index.expireAfterSeconds !== wanted.expireAfterSeconds) return false;
  // "unique where a name exists" is a partial index of ours, and a sparse one of others: the same thing.
  return wanted.whereExists === undefined ? !special(index) : special(index) || index.unique;
}

function sameKey(found: Record<string, unknown>, wanted: Record<string, 1 | -1>): boolean {
  const a = Object.entries(found).map(([field, direction]) => `${field} ${numberOf(direction)}`);
  const b = Object.entries(wanted).map(([field, direction]) => `${field} ${direction}`);
  return a.length === b.length && a.every((entry, at) => entry === b[at]);
}

export function describe(index: WantedIndex | FoundIndex): string {
  const fields = Object.entries(index.key).map(([field, direction]) => `${field}: ${String(direction)}`);
  const options: string[] = [];
  if (index.unique === true) options.push('unique');
  if (index.expireAfterSeconds !== undefined) options.push(`expireAfterSeconds ${index.expireAfterSeconds}`);
  if ('sparse' in index && index.sparse) options.push('sparse');
  if ('partial' in index && index.partial !== undefined)
    options.push(`only where ${JSON.stringify(index.partial)}`);
  if ('whereExists' in index) options.push(`only where ${index.whereExists} exists`);
  const name = 'name' in index ? `"${index.name}" ` : '';
  return `${name}{ ${fields.join(', ')} }${options.length === 0 ? ', not unique, no expiry' : `, ${options.join(', ')}`}`;
}

export interface EnsuredIndexes {
  made: string[];
  /** collections with a plain index where a unique one is wanted */
  plain: Set<string>;
  /** the misspelt unique index is on `measurements` */
  misspeltTime: boolean;
}

/**
 * Makes what is missing.
 * @throws MakaiError STORE_INDEX_CONFLICT that names the index that is there and the one wanted
 */
export async function ensureIndexes(db: Db, mode: Retention['mode']): Promise<EnsuredIndexes> {
  const ensured: EnsuredIndexes = { made: [], plain: new Set(), misspeltTime: false };
  const wanted = wantedIndexes(mode);
  for (const collection of new Set(wanted.map((index) => index.collection))) {
    const found = await listIndexes(db, collection);
    if (collection === COLLECTION.measurements) ensured.misspeltTime = found.some(isMisspelt);
    for (const index of wanted.filter((entry) => entry.collection === collection)) {
      const state = stateOf(index, found);
      if (state === 'there') continue;
      if (state === 'missing') await make(db, index, ensured);
      else if (state === 'plain') ensured.plain.add(collection);
      else throw conflict(index, state.conflict);
    }
  }
  return ensured;
}

/** What the indexes that are there mean for writing, nothing made and nothing refused. */
export async function lookAtIndexes(db: Db, mode: Retention['mode']): Promise<EnsuredIndexes> {
  const looked: EnsuredIndexes = { made: [], plain: new Set(), misspeltTime: false };
  const unique = wantedIndexes(mode).filter((index) => index.unique === true);
  for (const index of unique) {
    const found = await listIndexes(db, index.collection);
    if (stateOf(index, found) !== 'there') looked.plain.add(index.collection);
    if (index.collection === COLLECTION.measurements) looked.misspeltTime = found.some(isMisspelt);
  }
  return looked;
}

export function isMisspelt(index: FoundIndex): boolean {
  return index.unique && MISSPELT_FIELD in index.key && !('timestamp_ms' in index.key);
}

function conflict(wanted: WantedIndex, found: FoundIndex): MakaiError {
  const message = `the collection ${wanted.collection} has the index ${describe(found)}; wanted is ${describe(wanted)}`;
  return new MakaiError('STORE_INDEX_CONFLICT', message, {
    hint: `If nothing else needs it: db.${wanted.collection}.dropIndex("${found.name}") in mongosh, then \`makai store init\`. Nothing is dropped for you.`,
  });
}

async function make(db: Db, wanted: WantedIndex, ensured: EnsuredIndexes): Promise<void> {
  const { collection, key, unique, expireAfterSeconds, whereExists } = wanted;
  const options: Document = { name: indexName(wanted) };
  if (unique === true) options.unique = true;
  if (expireAfterSeconds !== undefined) options.expireAfterSeconds = expireAfterSeconds;
  if (whereExists !== undefined) options.partialFilterExpression = { [whereExists]: { $exists: true } };
  await mapped(`make the index ${describe(wanted)} on ${collection}`, async () => {
    try {
      await db.collection(collection).createIndex(key, options);
    } catch (error) {
      if (serverCode(error) !== DUPLICATE_KEY || unique !== true) throw error;
      await db.collection(collection).createIndex(key, { name: plainName(wanted) });
      ensured.plain.add(collection);
    }
    ensured.made.push(`${collection}.${indexName(wanted)}`);
  });
}
