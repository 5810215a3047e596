/**
 * The indexes of docs/data-model.md: made where missing, never dropped. One that is there under the same fields with other options is taken
 * as it is: an existing database must not need work before we start. Where an index is not unique that should be (it was there, or duplicates
 * from before prevent it) we look before we write; where a TTL is missing the sweep deletes what has expired.
 */
import type { Db, Document } from 'mongodb';
import type { Logger } from '../../../common/log.js';
import type { Retention } from '../../documents.js';
import { COLLECTION } from '../connection/context.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { numberOf, recordOf } from '../fields/bson.js';
import { MISSPELT_FIELD, type WantedIndex, wantedIndexes } from './wanted-indexes.js';

/** An index as `listIndexes` describes it, the parts that matter here. */
export interface FoundIndex {
  name: string;
  key: Record<string, unknown>;
  unique: boolean;
  expireAfterSeconds: number | undefined;
  partial: Document | undefined;
  sparse: boolean;
}

/** `plain`: the fields are indexed, but not unique as wanted. `differs`: other options that change nothing we rely on. */
export type IndexState = 'there' | 'missing' | { plain: FoundIndex } | { differs: FoundIndex };

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

/** The usual name, or one of ours where an index on other fields has it. */
function freeName(wanted: WantedIndex, found: readonly FoundIndex[]): string {
  const usual = indexName(wanted);
  return found.some(({ name }) => name === usual) ? `makai_${usual}` : usual;
}

/** What the indexes that are there mean for a wanted one. */
export function stateOf(wanted: WantedIndex, found: readonly FoundIndex[]): IndexState {
  const sameFields = found.filter((index) => sameKey(index.key, wanted.key));
  if (sameFields.some((index) => fits(index, wanted))) return 'there';
  const other = sameFields.find((index) => !special(index));
  if (other === undefined) return 'missing';
  return wanted.unique === true && !other.unique ? { plain: other } : { differs: other };
}

/** Partial or sparse indexes serve other purposes and may stand beside ours. */
const special = (index: FoundIndex): boolean => index.partial !== undefined || index.sparse;

function fits(index: FoundIndex, wanted: WantedIndex): boolean {
  if (index.unique !== (wanted.unique ?? false)) return false;
  if (index.expireAfterSeconds !== wanted.expireAfterSeconds) return false;
  // "unique where a name exists" is a partial index of ours, and a sparse one of others: the same thing.
  return partialOf(wanted) === undefined ? !special(index) : special(index) || index.unique;
}

function partialOf({ whereExists, whereFilled }: WantedIndex): Document | undefined {
  if (whereExists !== undefined) return { [whereExists]: { $exists: true } };
  return whereFilled === undefined ? undefined : { [whereFilled]: { $gt: '' } };
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
  if ('whereFilled' in index) options.push(`only where ${index.whereFilled} is not empty`);
  const name = 'name' in index ? `"${index.name}" ` : '';
  return `${name}{ ${fields.join(', ')} }${options.length === 0 ? ', not unique, no expiry' : `, ${options.join(', ')}`}`;
}

export interface EnsuredIndexes {
  made: string[];
  /** indexes with other options than wanted, in words */
  differing: string[];
  /** collections with a plain index where a unique one is wanted */
  plain: Set<string>;
  /** the misspelt unique index is on `measurements` */
  misspeltTime: boolean;
}

/** Makes what is missing. @throws MakaiError STORE_UNAVAILABLE, STORE_ACCESS_DENIED, STORE_REFUSED */
export async function ensureIndexes(db: Db, mode: Retention['mode']): Promise<EnsuredIndexes> {
  const ensured: EnsuredIndexes = { made: [], differing: [], plain: new Set(), misspeltTime: false };
  const wanted = wantedIndexes(mode);
  for (const collection of new Set(wanted.map((index) => index.collection))) {
    const found = await listIndexes(db, collection);
    if (collection === COLLECTION.measurements) ensured.misspeltTime = found.some(isMisspelt);
    for (const index of wanted.filter((entry) => entry.collection === collection)) {
      const state = stateOf(index, found);
      if (state === 'there') continue;
      if (state === 'missing') await make(db, index, found, ensured);
      else if ('plain' in state) ensured.plain.add(collection);
      else ensured.differing.push(differenceOf(index, state.differs));
    }
  }
  return ensured;
}

/** What the indexes that are there mean for writing, nothing made and nothing refused. */
export async function lookAtIndexes(db: Db, mode: Retention['mode']): Promise<EnsuredIndexes> {
  const looked: EnsuredIndexes = { made: [], differing: [], plain: new Set(), misspeltTime: false };
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

export function differenceOf(wanted: WantedIndex, found: FoundIndex): string {
  return `${wanted.collection} has the index ${describe(found)}; wanted is ${describe(wanted)}`;
}

async function make(
  db: Db,
  wanted: WantedIndex,
  found: readonly FoundIndex[],
  ensured: EnsuredIndexes,
): Promise<void> {
  const { collection, key, unique, expireAfterSeconds } = wanted;
  const partial = partialOf(wanted);
  const options: Document = { name: freeName(wanted, found) };
  if (unique === true) options.unique = true;
  if (expireAfterSeconds !== undefined) options.expireAfterSeconds = expireAfterSeconds;
  if (partial !== undefined) options.partialFilterExpression = partial;
  await mapped(`make the index ${describe(wanted)} on ${collection}`, async () => {
    try {
      await db.collection(collection).createIndex(key, options);
    } catch (error) {
      if (unique !== true || !(await isRefusedForDoubles(db, wanted, error))) throw error;
      await db.collection(collection).createIndex(key, { name: plainName(wanted) });
      ensured.plain.add(collection);
    }
    ensured.made.push(`${collection}.${indexName(wanted)}`);
  });
}

/** The code for doubles differs from server to server: where one refuses for any reason, the documents are looked at. */
async function isRefusedForDoubles(db: Db, wanted: WantedIndex, error: unknown): Promise<boolean> {
  if (serverCode(error) === undefined) return false;
  return serverCode(error) === DUPLICATE_KEY || (await doublesIn(db, wanted, 1)).length > 0;
}

/** The first groups of documents that a unique index would not allow: `_id` has their fields, `count` their number. */
export async function doublesIn(db: Db, wanted: WantedIndex, limit: number): Promise<Document[]> {
  const fields = Object.keys(wanted.key);
  const id = Object.fromEntries(fields.map((field) => [field, `$${field}`]));
  const match = partialOf(wanted) ?? {};
  return await mapped('look for doubles', () =>
    db
      .collection(wanted.collection)
      .aggregate<Document>(
        [
          { $match: match },
          { $group: { _id: id, count: { $sum: 1 } } },
          { $match: { count: { $gt: 1 } } },
          { $limit: limit },
        ],
        { allowDiskUse: true },
      )
      .toArray(),
  );
}

/** Logs what an administrator should know of the indexes that were found. */
export function reportIndexes(
  log: Logger,
  plain: ReadonlySet<string>,
  differing: readonly string[],
  misspeltTime: boolean,
): void {
  for (const difference of differing)
    log.warn(
      { difference },
      'an index with other options is taken as it is; `makai store check` says what that means',
    );
  for (const name of plain) {
    log.warn(
      { collection: name },
      'an index is not unique as it should be (it was there, or duplicates from before prevent it): doubles are kept out by looking first; `makai store check` lists them',
    );
  }
  if (!misspeltTime) return;
  log.warn(
    'a unique index on the misspelt field timetstamp_ms is on measurements: they carry that field until the index is dropped (`makai store check`)',
  );
}
