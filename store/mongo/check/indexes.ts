/** Indexes as `makai store check` sees them: ours, those in the way, and the duplicates that keep a unique one from being made. */
import type { Db } from 'mongodb';
import type { Retention } from '../../documents.js';
import type { StoreFinding } from '../../finding.js';
import { numberOf } from '../fields/bson.js';
import {
  describe,
  differenceOf,
  doublesIn,
  type FoundIndex,
  isMisspelt,
  listIndexes,
  plainName,
  stateOf,
} from '../maintenance/indexes.js';
import { MISSPELT_FIELD, type WantedIndex, wantedIndexes } from '../maintenance/wanted-indexes.js';

/** Doubles listed a collection. */
const LISTED = 20;

export async function checkIndexes(db: Db, mode: Retention['mode']): Promise<StoreFinding[]> {
  const findings: StoreFinding[] = [];
  const wanted = wantedIndexes(mode);
  const missing: string[] = [];
  for (const collection of new Set(wanted.map((index) => index.collection))) {
    const found = await listIndexes(db, collection);
    const ours = wanted.filter((index) => index.collection === collection);
    for (const index of ours) {
      const state = stateOf(index, found);
      if (state === 'missing') missing.push(`${collection} ${describe(index)}`);
      if (typeof state === 'object')
        findings.push(
          'plain' in state ? plainFinding(index, state.plain) : differsFinding(index, state.differs),
        );
      if (state !== 'there' && index.unique === true) findings.push(...(await doubles(db, index)));
    }
    findings.push(...found.filter(isMisspelt).map(misspeltFinding));
    findings.push(...strangers(collection, found, ours));
  }
  if (missing.length > 0) {
    findings.push({
      severity: 'warning',
      message: `missing indexes: ${missing.join('; ')}`,
      hint: 'The daemons make them when they start; `makai store init` does so now.',
    });
  }
  return findings;
}

function plainFinding(wanted: WantedIndex, found: FoundIndex): StoreFinding {
  const why =
    found.name === plainName(wanted)
      ? 'duplicates from before keep the index'
      : `the index ${describe(found)} was there and keeps the index`;
  return {
    severity: 'warning',
    message: `${wanted.collection}: ${why} ${describe(wanted)} from being unique; a plain one stands in`,
    hint: `Nothing has to be done: new doubles are kept out by looking first, which is slower. For the unique one: remove the doubles, db.${wanted.collection}.dropIndex("${found.name}") in mongosh, then \`makai store init\`.`,
  };
}

function differsFinding(wanted: WantedIndex, found: FoundIndex): StoreFinding {
  const effect =
    wanted.expireAfterSeconds === undefined
      ? ''
      : ' What has expired is deleted by the daemons, once a minute, if the server does not do it before.';
  return {
    severity: 'warning',
    message: differenceOf(wanted, found),
    hint: `Nothing has to be done.${effect} For ours, if nothing else needs this one: db.${wanted.collection}.dropIndex("${found.name}") in mongosh, then \`makai store init\`.`,
  };
}

function misspeltFinding({ name }: FoundIndex): StoreFinding {
  return {
    severity: 'error',
    message: `measurements: the unique index "${name}" is on ${MISSPELT_FIELD}, a slip for timestamp_ms: with it every program but ours can store one measurement a box, and no more`,
    hint: `db.measurements.dropIndex("${name}") in mongosh, then restart the daemons. Until then our measurements carry the misspelt field too, so that none is refused.`,
  };
}

/** Unique indexes of others: they refuse documents that we hold to be different. */
function strangers(
  collection: string,
  found: readonly FoundIndex[],
  ours: readonly WantedIndex[],
): StoreFinding[] {
  const known = new Set(ours.map((index) => Object.keys(index.key).join()));
  return found
    .filter(
      (index) =>
        index.unique &&
        index.name !== '_id_' &&
        !isMisspelt(index) &&
        !known.has(Object.keys(index.key).join()),
    )
    .map((index) => ({
      severity: 'warning' as const,
      message: `${collection}: a further unique index ${describe(index)}`,
      hint: 'Documents that it refuses are quarantined in the spool. Drop it unless you know what it is for.',
    }));
}

async function doubles(db: Db, wanted: WantedIndex): Promise<StoreFinding[]> {
  const fields = Object.keys(wanted.key);
  const groups = await doublesIn(db, wanted, LISTED + 1);
  if (groups.length === 0) return [];
  const listed = groups.slice(0, LISTED).map(({ _id, count }) => {
    const key = fields.map((field) => `${field} ${String(numberOf(_id[field]) ?? _id[field])}`).join(', ');
    return `${key} (${count} times)`;
  });
  const more = groups.length > LISTED ? ' and more' : '';
  return [
    {
      severity: 'warning',
      message: `${wanted.collection}: doubles: ${listed.join('; ')}${more}`,
      hint: 'Keep one of each. Measurements expire by themselves; of events and box events keep the one whose waveform can be read.',
    },
  ];
}
