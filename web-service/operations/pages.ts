/** Pages of documents in order of time: a cursor says where the next one begins, and a request looks at a bounded number of documents. */
import { RequestError } from '../http/problems.js';

/** Documents that one request looks at, where a filter leaves most of them out, and how long it looks. */
const MAX_LOOKED_AT = 20_000;
const MAX_MS = 2000;
/** Documents with the time of the cursor that are expected: more are read when there are more. */
const SAME_TIME = 8;

/** The last document that was looked at. Documents of one time are in the order of their ids. */
interface Position {
  ms: number;
  id: number;
}

export interface PageQuery {
  from?: number | undefined;
  to?: number | undefined;
  limit: number;
  order: 'newest' | 'oldest';
  cursor?: string | undefined;
}

interface Range {
  fromMs?: number;
  toMs?: number;
  descending: boolean;
  limit?: number;
}

export interface PageSource<T, J> {
  read(range: Range): AsyncIterable<T>;
  timeOf(item: T): number;
  /** 0 where times are unique */
  idOf(item: T): number;
  /** undefined: every item */
  isChosen?: ((item: T) => boolean) | undefined;
  jsonOf(item: T): J;
}

export interface Page<J> {
  items: J[];
  next?: string;
}

export async function pageOf<T, J>(query: PageQuery, source: PageSource<T, J>): Promise<Page<J>> {
  const after = query.cursor === undefined ? undefined : positionOf(query.cursor);
  // Without a filter no more is read than is given.
  for (let sameTime = after === undefined ? 0 : SAME_TIME; ; sameTime *= 8) {
    const most = source.isChosen === undefined ? query.limit + 1 + sameTime : undefined;
    const page = await readPage(query, source, after, most);
    if (page !== undefined) return page;
  }
}

/** @returns undefined where `most` documents were too few */
async function readPage<T, J>(
  { from, limit, order, to }: PageQuery,
  { idOf, isChosen, jsonOf, read, timeOf }: PageSource<T, J>,
  after: Position | undefined,
  most: number | undefined,
): Promise<Page<J> | undefined> {
  const descending = order === 'newest';
  const fromMs = !descending && after !== undefined ? after.ms : from;
  const toMs = descending && after !== undefined ? after.ms + 1 : to;
  const range = {
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
    descending,
    ...(most === undefined ? {} : { limit: most }),
  };
  const isPast = (ms: number, id: number): boolean =>
    after === undefined || ms !== after.ms || (descending ? id < after.id : id > after.id);
  const items: J[] = [];
  let position = after;
  let count = 0;
  let lookedAt = 0;
  const until = performance.now() + MAX_MS;
  for await (const item of read(range)) {
    count += 1;
    const [ms, id] = [timeOf(item), idOf(item)];
    if (!isPast(ms, id)) continue;
    if (items.length >= limit || lookedAt >= MAX_LOOKED_AT || (lookedAt > 0 && performance.now() > until))
      return position === undefined ? { items } : { items, next: cursorOf(position) };
    position = { ms, id };
    lookedAt += 1;
    if (isChosen === undefined || isChosen(item)) items.push(jsonOf(item));
  }
  return most !== undefined && count >= most ? undefined : { items };
}

function cursorOf({ id, ms }: Position): string {
  return Buffer.from(JSON.stringify([ms, id])).toString('base64url');
}

/** @throws RequestError for what no page gave */
function positionOf(cursor: string): Position {
  const position = readPosition(cursor);
  if (position !== undefined) return position;
  const message = 'expected the `next` of a page';
  throw new RequestError(`cursor: ${message}`, [{ path: 'cursor', message }]);
}

function readPosition(cursor: string): Position | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (!Array.isArray(value)) return undefined;
    const [ms, id]: unknown[] = value;
    return Number.isFinite(ms) && Number.isSafeInteger(id) ? { ms: Number(ms), id: Number(id) } : undefined;
  } catch {
    return undefined;
  }
}
