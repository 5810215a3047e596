/**
 * Copies one store into another: `makai store copy`. What the target has already stays. It can be broken off at any moment and go on later from the
 * position that was saved last: what was written past it is met again, and ignored.
 */
import type { ErrorCode } from '../common/error-codes.js';
import { codeOf, messageOf } from '../common/errors.js';
import { FOREVER_SECONDS, type Stored, type StoredDocuments, type TimeRange } from './documents.js';
import type { Store } from './store.js';

/** How far a copy has come. Times are those from which on is still to be copied; Infinity would be null in JSON, so `done` says it. */
export interface CopyPosition {
  eventsFromMs?: number;
  measurementsFromMs: Record<string, number>;
  trendsFromMs: Record<string, number>;
  /** parts that are copied whole: `events`, `trends <box>`, `measurements <box>` */
  done: string[];
}

export const emptyPosition = (): CopyPosition => ({ measurementsFromMs: {}, trendsFromMs: {}, done: [] });

export type CopyPart = 'boxes' | 'events' | 'trends' | 'measurements';

export interface CopyProgress {
  part: CopyPart;
  /** how many units of the part there are, and how many are done, with fractions: events, or boxes */
  total: number;
  done: number;
}

export interface CopyReport {
  boxes: Stored;
  events: Stored;
  /** with their waveforms */
  boxEvents: Stored;
  trends: Stored;
  measurements: Stored;
  /** what one of the stores refused, first reasons first; 20 at most */
  refused: { count: number; reasons: string[] };
}

export interface CopyHooks {
  /** called often */
  onProgress(progress: CopyProgress): void;
  /** called after each event and each batch, or more often */
  save(position: CopyPosition): Promise<void>;
}

const BATCH = 1000;
/** Waveforms held in memory at one time. */
const WAVEFORMS_AT_A_TIME = 4;
const REASONS = 20;
/** Errors that concern one document and not the store: they do not stop a copy. */
const OF_ONE_DOCUMENT: ReadonlySet<string> = new Set<ErrorCode>([
  'STORE_REFUSED',
  'STORE_DAMAGED',
  'BOX_NAME_TAKEN',
]);

/**
 * Boxes, `makai_config`, events with waveforms, trends, measurements. `laha_config` is the analysis service's own, and metrics, health findings and open
 * requests belong to the daemons that run: these stay.
 * @param position where to go on; it is changed as the copy proceeds
 * @throws MakaiError STORE_UNAVAILABLE and others that concern a whole store
 */
export async function copyStore(
  from: Store,
  to: Store,
  position: CopyPosition,
  hooks: CopyHooks,
): Promise<CopyReport> {
  const none = (): Stored => ({ inserted: 0, duplicates: 0 });
  const report: CopyReport = {
    boxes: none(),
    events: none(),
    boxEvents: none(),
    trends: none(),
    measurements: none(),
    refused: { count: 0, reasons: [] },
  };
  const copy = new Copy(from, to, position, hooks, report);
  await copy.boxes();
  await copy.events();
  const ids = (await from.boxIdsWithData()).toSorted();
  await copy.series('trends', ids);
  await copy.series('measurements', ids);
  return report;
}

class Copy {
  readonly #from: Store;
  readonly #to: Store;
  readonly #position: CopyPosition;
  readonly #hooks: CopyHooks;
  readonly #report: CopyReport;

  constructor(from: Store, to: Store, position: CopyPosition, hooks: CopyHooks, report: CopyReport) {
    this.#from = from;
    this.#to = to;
    this.#position = position;
    this.#hooks = hooks;
    this.#report = report;
  }

  async boxes(): Promise<void> {
    const boxes = await this.#from.boxes();
    const there = new Set((await this.#to.boxes()).map((box) => box.box_id));
    for (const [i, box] of boxes.entries()) {
      this.#hooks.onProgress({ part: 'boxes', total: boxes.length, done: i });
      if (there.has(box.box_id)) this.#report.boxes.duplicates += 1;
      else if (await this.#attempt(() => this.#to.putBox(box))) this.#report.boxes.inserted += 1;
    }
    this.#hooks.onProgress({ part: 'boxes', total: boxes.length, done: boxes.length });
    const config = await this.#from.makaiConfig();
    if (config !== undefined && (await this.#to.makaiConfig()) === undefined)
      await this.#to.putMakaiConfig(config);
  }

  async events(): Promise<void> {
    if (this.#position.done.includes('events')) return;
    const from = this.#position.eventsFromMs;
    const range: TimeRange = from === undefined ? {} : { fromMs: from };
    let total = 0;
    for await (const _ of this.#from.events(range)) total += 1;
    let done = 0;
    for await (const event of this.#from.events(range)) {
      this.#hooks.onProgress({ part: 'events', total: Math.max(total, done + 1), done });
      await this.#restore('events', { events: [dated(event)] });
      await this.#boxEvents(event.event_id);
      await this.#original(event.event_id);
      this.#position.eventsFromMs = event.target_event_start_timestamp_ms;
      await this.#hooks.save(this.#position);
      done += 1;
    }
    await this.#finish('events');
    this.#hooks.onProgress({ part: 'events', total: done, done });
  }

  /** The files that it was imported from. */
  async #original(eventId: number): Promise<void> {
    await this.#attempt(async () => {
      const original = await this.#from.original(eventId);
      if (original !== undefined) await this.#to.putOriginal(original);
    });
  }

  async #boxEvents(eventId: number): Promise<void> {
    const boxEvents = await this.#from.boxEvents(eventId);
    for (let i = 0; i < boxEvents.length; i += WAVEFORMS_AT_A_TIME) {
      const some = boxEvents.slice(i, i + WAVEFORMS_AT_A_TIME).map(async (document) => {
        let bytes: Buffer | undefined;
        // A waveform that is damaged is reported; its box event goes without it.
        await this.#attempt(async () => {
          bytes = await this.#from.waveform(document.data_fs_filename);
        });
        await this.#restore('boxEvents', { boxEvents: [{ document, bytes }] });
      });
      await Promise.all(some);
    }
  }

  /** Trends or measurements, box by box in the order of time. */
  async series(part: 'trends' | 'measurements', ids: readonly string[]): Promise<void> {
    const total = ids.length;
    for (const [i, id] of ids.entries()) {
      this.#hooks.onProgress({ part, total, done: i });
      if (!this.#position.done.includes(`${part} ${id}`)) {
        await this.#seriesOf(part, id, (share) => this.#hooks.onProgress({ part, total, done: i + share }));
        await this.#finish(`${part} ${id}`);
      }
    }
    this.#hooks.onProgress({ part, total, done: total });
  }

  async #seriesOf(
    part: 'trends' | 'measurements',
    id: string,
    onShare: (share: number) => void,
  ): Promise<void> {
    const places = this.#position[`${part}FromMs`];
    const fromMs = places[id];
    const range: TimeRange = fromMs === undefined ? {} : { fromMs };
    const read = (of: TimeRange) =>
      part === 'trends' ? this.#from.trends(id, of) : this.#from.measurements(id, of);
    let lastMs = 0;
    for await (const newest of read({ ...range, descending: true, limit: 1 })) lastMs = newest.timestamp_ms;
    let firstMs: number | undefined;
    let batch: StoredDocuments[typeof part] & unknown[] = [];
    const flush = async (): Promise<void> => {
      const last = batch.at(-1);
      if (last === undefined) return;
      await this.#restore(part, { [part]: batch });
      places[id] = last.timestamp_ms + 1;
      await this.#hooks.save(this.#position);
      if (firstMs !== undefined && lastMs > firstMs) {
        onShare(Math.min(1, (last.timestamp_ms - firstMs) / (lastMs - firstMs)));
      }
      batch = [];
    };
    for await (const document of read(range)) {
      firstMs ??= document.timestamp_ms;
      batch.push(dated(document));
      if (batch.length >= BATCH) await flush();
    }
    await flush();
  }

  async #finish(part: string): Promise<void> {
    this.#position.done.push(part);
    await this.#hooks.save(this.#position);
  }

  async #restore(part: Exclude<keyof CopyReport, 'refused'>, documents: StoredDocuments): Promise<void> {
    await this.#attempt(async () => {
      const { inserted, duplicates } = await this.#to.restore(documents);
      this.#report[part].inserted += inserted;
      this.#report[part].duplicates += duplicates;
    }, Object.values(documents).flat().length);
  }

  /** False when a store refused these documents; other errors end the copy. */
  async #attempt(work: () => Promise<void>, documents = 1): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!OF_ONE_DOCUMENT.has(codeOf(error) ?? '')) throw error;
      const { refused } = this.#report;
      refused.count += documents;
      if (refused.reasons.length < REASONS) refused.reasons.push(messageOf(error));
      return false;
    }
  }
}

/** Documents of programs that knew no expiry are kept for good; a 0 would have them deleted immediately. */
function dated<T extends { expire_at: number }>(document: T): T {
  return document.expire_at > 0 ? document : { ...document, expire_at: FOREVER_SECONDS };
}
