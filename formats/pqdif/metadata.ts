/** What a PQDIF file says of itself besides values: by the standard's names. */
import { DISTURBANCES } from './characteristics.js';
import type { DataSource } from './definitions.js';
import type { Collection } from './elements.js';
import { TRIGGER_METHODS } from './ids.js';
import type { TagName } from './tags.js';

const OF_CONTAINER: readonly TagName[] = [
  'tagFileName',
  'tagTitle',
  'tagSubject',
  'tagAuthor',
  'tagApplication',
  'tagOwner',
  'tagCopyright',
  'tagNotes',
];
const OF_SOURCE: readonly TagName[] = ['tagNameDS', 'tagOwnerDS', 'tagVersionDS', 'tagTimeZoneDS'];

/** A file has two, one of RMS and one of peak; more are not worth their room. */
const MAX_NOMINAL = 8;

function texts(record: Collection, tags: readonly TagName[]): [string, string][] {
  return tags.flatMap((tag): [string, string][] => {
    const text = record.text(tag);
    return text === '' ? [] : [[tag, text]];
  });
}

export function containerMetadata(record: Collection): Record<string, string> {
  return Object.fromEntries(texts(record, OF_CONTAINER));
}

export function sourceMetadata(record: Collection, source: DataSource): Record<string, string> {
  const nominal = new Set<number>();
  for (const { series } of source.channels) {
    for (const one of series)
      if (one.nominal !== undefined && nominal.size < MAX_NOMINAL) nominal.add(one.nominal);
  }
  return {
    ...Object.fromEntries(texts(record, OF_SOURCE)),
    ...(nominal.size > 0 ? { tagSeriesNominalQuantity: [...nominal].join(' ') } : {}),
  };
}

export function observationMetadata(record: Collection): Record<string, string> {
  const method = record.whole('tagTriggerMethodID');
  const trigger = Object.entries(TRIGGER_METHODS).find(([, id]) => id === method)?.[0];
  const category = record.guid('tagDisturbanceCategoryID');
  const disturbance = Object.entries(DISTURBANCES).find(([, id]) => id === category)?.[0];
  return {
    ...(trigger === undefined ? {} : { tagTriggerMethodID: trigger }),
    ...(disturbance === undefined ? {} : { tagDisturbanceCategoryID: disturbance }),
  };
}
