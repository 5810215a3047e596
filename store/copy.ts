/**
 * Copies one store into another: `makai store copy`. What the target has already stays, but for what people changed (`update`, copy-known.ts). It can be broken off at any moment and go on later from the
 * position that was saved last: what was written past it is met again, and ignored.
 */
import type { ErrorCode } from '../common/error-codes.js';
import { codeOf, messageOf } from '../common/errors.js';
import { compareEvent, compareIncident, compareKnown, type KnownDocuments } from './copy-known.js';
import { copyPeople } from './copy-people.js';
import type { CopyHooks, CopyPosition, CopyReport, Series } from './copy-report.js';
import {
  AGGREGATE_SECONDS,
  type AggregateDocument,
  FOREVER_SECONDS,
  type MeasurementDocument,
  type SeriesDocument,
  type Stored,
  type StoredDocuments,
  type TimeRange,
  type TrendDocument,
} from './documents.js';
import type { Store } from './store.js';

export { type CopyPosition, type CopyProgress, type CopyReport, emptyPosition } from './copy-report.js';

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
 * Boxes, `makai_config`, locations, users with their API tokens, incidents, events with waveforms, trends, aggregates, measurements. `laha_config` is the analysis service's own, and metrics, health findings and open
 * requests belong to the daemons that run: these stay. So do sessions (people log in again) and the audit log, which says what was changed in the store that it is in.
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
    aggregates: none(),
    incidents: none(),
    series: none(),
    measurements: none(),
    updated: 0,
    different: { count: 0, names: [] },
    refused: { count: 0, reasons: [] },
  };
  const copy = new Copy(from, to, position, hooks, report);
  await copy.boxes();
  await copyPeople(from, copy.known);
  // Before the events: an analysis service on the target then finds them there, with their ids and annotations.
  await copy.incidents();
  await copy.events();
  const ids = (await from.boxIdsWithData()).toSorted();
  await copy.series('trends', ids);
  await copy.series(
    'aggregates',
    AGGREGATE_SECONDS.flatMap((seconds) => ids.map((id) => `${seconds} ${id}`)),
  );
  await copy.ofPlugins();
  await copy.series('measurements', ids);
  return report;
}

type Part = Exclude<keyof CopyReport, 'refused' | 'updated' | 'different'>;

class Copy {
  readonly #from: Store;
  readonly #to: Store;
  readonly #position: CopyPosition;
  readonly #hooks: CopyHooks;
  readonly #report: CopyReport;
  readonly known: KnownDocuments;

  constructor(from: Store, to: Store, position: CopyPosition, hooks: CopyHooks, report: CopyReport) {
    this.#from = from;
    this.#to = to;
    this.#position = position;
    this.#hooks = hooks;
    this.#report = report;
    const attempt = (work: () => Promise<void>) => this.#attempt(work);
    this.known = { to, report, update: hooks.update === true, attempt };
  }

  async boxes(): Promise<void> {
    const boxes = await this.#from.boxes();
    const there = new Set((await this.#to.boxes()).map((box) => box.box_id));
    for (const [i, box] of boxes.entries()) {
      this.#hooks.onProgress({ part: 'boxes', total: boxes.length, done: i });
      if (there.has(box.box_id)) {
        this.#report.boxes.duplicates += 1;
        const read = () => this.#to.box(box.box_id);
        await compareKnown(this.known, `box ${box.box_id}`, box, read, () => this.#to.putBox(box));
      } else if (await this.#attempt(() => this.#to.putBox(box))) this.#report.boxes.inserted += 1;
    }
    this.#hooks.onProgress({ part: 'boxes', total: boxes.length, done: boxes.length });
    const config = await this.#from.makaiConfig();
    if (config === undefined) return;
    const read = () => this.#to.makaiConfig();
    if ((await read()) === undefined) await this.#to.putMakaiConfig(config);
    else await compareKnown(this.known, 'makai_config', config, read, () => this.#to.putMakaiConfig(config));
  }

  async incidents(): Promise<void> {
    if (this.#position.done.includes('incidents')) return;
    const from = this.#position.incidentsFromMs;
    let done = 0;
    for await (const incident of this.#from.incidents(from === undefined ? {} : { fromMs: from })) {
      let bytes: Buffer | undefined;
      await this.#attempt(async () => {
        if (incident.gridfs_filename !== '') bytes = await this.#from.waveform(incident.gridfs_filename);
      });
      const document = dated(incident);
      const isNew = await this.#restore('incidents', { incidents: [{ document, bytes }] });
      if (!isNew) await compareIncident(this.known, document);
      this.#position.incidentsFromMs = incident.start_timestamp_ms;
      await this.#hooks.save(this.#position);
      done += 1;
      this.#hooks.onProgress({ part: 'incidents', total: done, done });
    }
    await this.#finish('incidents');
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
      if (!(await this.#restore('events', { events: [dated(event)] })))
        await compareEvent(this.known, dated(event));
      await this.#boxEvents(event.event_id);
      await this.#original(event.event_id);
      this.#position.eventsFromMs = event.target_event_start_timestamp_ms;
      await this.#hooks.save(this.#position);
      done += 1;
    }
    await this.#finish('events');
    this.#hooks.onProgress({ part: 'events', total: done, done });
  }

  /** Series of plugins, one after the other. */
  async ofPlugins(): Promise<void> {
    for (const name of await this.#from.seriesNames()) {
      const part = `series ${name.plugin} ${name.series} ${name.box_id}`;
      if (this.#position.done.includes(part)) continue;
      let batch: SeriesDocument[] = [];
      const flush = async (): Promise<void> => {
        if (batch.length > 0) await this.#restore('series', { series: batch });
        batch = [];
      };
      for await (const value of this.#from.series(name)) if (batch.push(dated(value)) >= BATCH) await flush();
      await flush();
      await this.#finish(part);
    }
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

  /** Trends, aggregates or measurements, box by box in the order of time. @param ids of boxes; for aggregates with the window before it */
  async series(part: Series, ids: readonly string[]): Promise<void> {
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

  async #seriesOf(part: Series, id: string, onShare: (share: number) => void): Promise<void> {
    const places = this.#position[`${part}FromMs`];
    const fromMs = places[id];
    const range: TimeRange = fromMs === undefined ? {} : { fromMs };
    const read = (of: TimeRange) => this.#read(part, id, of);
    let lastMs = 0;
    for await (const newest of read({ ...range, descending: true, limit: 1 })) lastMs = newest.timestamp_ms;
    let firstMs: number | undefined;
    let batch: { timestamp_ms: number }[] = [];
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

  #read(
    part: Series,
    id: string,
    range: TimeRange,
  ): AsyncIterable<MeasurementDocument | TrendDocument | AggregateDocument> {
    if (part === 'trends') return this.#from.trends(id, range);
    if (part === 'measurements') return this.#from.measurements(id, range);
    const [seconds, boxId = ''] = id.split(' ');
    return this.#from.aggregates(boxId, seconds === '600' ? 600 : 7200, range);
  }

  async #finish(part: string): Promise<void> {
    this.#position.done.push(part);
    await this.#hooks.save(this.#position);
  }

  /** @returns false where the target had all of them */
  async #restore(part: Part, documents: StoredDocuments): Promise<boolean> {
    let isNew = true;
    await this.#attempt(async () => {
      const { inserted, duplicates } = await this.#to.restore(documents);
      this.#report[part].inserted += inserted;
      this.#report[part].duplicates += duplicates;
      isNew = inserted > 0;
    }, Object.values(documents).flat().length);
    return isNew;
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
