/** `--from`, `--to`, `--limit` and `--json` of the commands that list documents of a store. */
import type { Command } from 'commander';
import type { TimeRange } from '../store/store.js';
import { UsageError } from './errors.js';
import { readTime } from './time.js';

export interface RangeOptions {
  from?: string;
  to?: string;
  limit?: string;
  json?: true;
}

/** How many of the newest documents are printed without --json and --limit. */
const SHOWN = 50;

export function withRangeOptions(command: Command, what: string): Command {
  return command
    .option('--from <time>', 'from this time on: ISO 8601 (UTC unless it has a time zone) or Unix ms')
    .option('--to <time>', 'before this time')
    .option('--limit <N>', `only the newest N ${what} (default: all with --json, otherwise ${SHOWN})`)
    .option('--json', 'NDJSON, with the field names of the data model');
}

/** @throws UsageError */
export function parseRange(options: RangeOptions): TimeRange {
  const range: TimeRange = {};
  if (options.from !== undefined) range.fromMs = parseTime('--from', options.from);
  if (options.to !== undefined) range.toMs = parseTime('--to', options.to);
  if (options.limit !== undefined) range.limit = parseCount('--limit', options.limit);
  else if (!options.json) range.limit = SHOWN;
  return range;
}

/**
 * Documents of a range, oldest first. A limit selects the newest ones, so these are read in descending order and held in memory.
 * @param read the store's method
 */
export async function* oldestFirst<T>(
  range: TimeRange,
  read: (range: TimeRange) => AsyncIterable<T>,
): AsyncGenerator<T> {
  if (range.limit === undefined) return yield* read(range);
  const newest: T[] = [];
  for await (const document of read({ ...range, descending: true })) newest.push(document);
  yield* newest.reverse();
}

/** Unix ms. A time without a time zone is UTC, like all times in the store. @throws UsageError */
export function parseTime(option: string, text: string): number {
  const read = readTime(text);
  if ('ms' in read) return read.ms;
  throw new UsageError(`${option}: ${read.problem}, found ${text}`);
}

/** @throws UsageError */
export function parseCount(option: string, text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) {
    throw new UsageError(`${option}: expected a whole number, found ${text}`);
  }
  return count;
}
