/** Findings of a box over time: what the daemons wrote to `health` when one began and when it ended. */
import { BOX_FINDINGS } from '../../common/box-findings.js';
import type { HealthDocument, Store } from '../../store/store.js';
import type { FindingEntry } from '../api/boxes.js';
import type { Services } from '../services.js';
import type { Handlers } from './handler.js';
import { pageOf } from './pages.js';

/** A document, and which one it is of those with its time: rising in the order in which they are read from the oldest on. */
interface Numbered {
  document: HealthDocument;
  id: number;
}

/** More of one time than a page reads is not expected. */
const USUAL = 1000;

export function boxFindingsHandler({ link }: Services): Handlers['listBoxFindings'] {
  return ({ params: { box_id: boxId }, query }) =>
    link.read((store) =>
      pageOf(query, {
        read: (range) => numbered(store, boxId, range),
        timeOf: ({ document }: Numbered) => document.timestamp.getTime(),
        idOf: ({ id }) => id,
        jsonOf: ({ document }) => entryOf(document),
      }),
    );
}

interface Range {
  fromMs?: number;
  toMs?: number;
  descending: boolean;
  limit?: number;
}

/** A page begins with all of the time of its cursor, so the same document gets the same number. */
async function* numbered(
  store: Store,
  boxId: string,
  { limit = USUAL, ...range }: Range,
): AsyncGenerator<Numbered> {
  let [ms, id] = [Number.NaN, 0];
  for (const document of await store.boxHealth({ ...range, boxId, limit })) {
    const own = document.timestamp.getTime();
    id = own !== ms ? 0 : id + (range.descending ? -1 : 1);
    ms = own;
    yield { document, id };
  }
}

function entryOf({ info, status, timestamp }: HealthDocument): FindingEntry {
  const [first = ''] = info.split(/[: ]/, 1);
  return {
    timestamp_ms: timestamp.getTime(),
    ...(Object.hasOwn(BOX_FINDINGS, first) ? { code: first } : {}),
    began: status === 'DOWN',
    info,
  };
}
