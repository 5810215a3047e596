/** The MongoDB store: every method of the contract, delegated to the file of its collection. */
import type { Logger } from '../../common/log.js';
import type { MeasurementColumns } from '../../proto/columns.js';
import type {
  BoxDocument,
  BoxEventDocument,
  EventDocument,
  HealthDocument,
  InsertResult,
  LahaConfigDocument,
  MakaiConfigDocument,
  MeasurementDocument,
  MetricsDocument,
  NewEvent,
  NewestOfBox,
  OpenRequest,
  Store,
  StoredDocuments,
  StoreOptions,
  SweepResult,
  TimeRange,
  TrendDocument,
  TrendWindow,
  WriteOptions,
} from '../store.js';
import { putBoxEvent, readBoxEvents } from './box-events.js';
import { Boxes } from './boxes.js';
import { textOf } from './bson.js';
import { makaiConfigDocument, parseLahaConfig, parseMakaiConfig } from './configs.js';
import type { Connection } from './connect.js';
import { type Context, collection } from './context.js';
import { insertHealth, insertMetrics } from './diagnostics.js';
import { mapped } from './errors.js';
import { type Block, EventNumbers } from './event-numbers.js';
import { addTriggeredBoxes, insertEvent, readEvent, readEvents } from './events.js';
import { Expiry } from './expiry.js';
import { readFile } from './gridfs.js';
import { ensureIndexes, lookAtIndexes } from './indexes.js';
import { Cached, LastGood } from './last-good.js';
import { insertMeasurements, readMeasurements } from './measurements.js';
import { newestByBox } from './newest.js';
import { putOpenRequest, readOpenRequests, removeOpenRequest } from './open-requests.js';
import { prolongForEvent } from './prolong.js';
import { boxIdsWithData, restore } from './restore.js';
import { type SweepPosition, sweep } from './sweep.js';
import { computeTrends, putTrends, readTrends } from './trends.js';
import { checkWrite } from './write-check.js';

export interface MongoStoreOptions extends StoreOptions {
  log: Logger;
  /** seconds after which `laha_config` is read again (`ttl_cache_ttl`) */
  cacheSeconds?: number;
  /** use what is there and make nothing (indexes): for commands that look at a store */
  mustExist?: boolean;
}

/** Locations that go into trends may be this old. */
const LOCATIONS_AGE_MS = 2_000;

export class MongoStore implements Store {
  readonly #connection: Connection;
  readonly #context: Context;
  readonly #boxes: Boxes;
  readonly #numbers: EventNumbers;
  readonly #makaiConfig: LastGood<MakaiConfigDocument>;
  readonly #lahaConfig: LastGood<LahaConfigDocument>;
  readonly #locations: Cached<Map<string, string>>;
  readonly #position: SweepPosition = {};
  readonly #lookOnly: boolean;

  constructor(connection: Connection, options: MongoStoreOptions) {
    const { log } = options;
    const now = options.now ?? Date.now;
    const laha = new Cached(() => this.#lahaConfig.refresh(), (options.cacheSeconds ?? 60) * 1000, now);
    const expiry = new Expiry(options.retention, () => laha.get());
    const { db } = connection;
    this.#connection = connection;
    this.#lookOnly = options.mustExist === true;
    this.#context = { db, log, now, expiry, plain: new Set(), misspeltTime: false };
    const only = (name: 'makaiConfig' | 'lahaConfig') =>
      mapped(`read ${name}`, () => collection(this.#context, name).findOne());
    this.#makaiConfig = new LastGood('makai_config', () => only('makaiConfig'), parseMakaiConfig, log);
    this.#lahaConfig = new LastGood('laha_config', () => only('lahaConfig'), parseLahaConfig, log);
    this.#boxes = new Boxes(this.#context);
    this.#numbers = new EventNumbers(this.#context);
    this.#locations = new Cached(() => this.#readLocations(), LOCATIONS_AGE_MS, now);
  }

  /**
   * Makes the indexes that are missing; again after an outage, when the server may have come back with an empty data folder.
   * @throws MakaiError STORE_INDEX_CONFLICT, STORE_UNAVAILABLE, STORE_ACCESS_DENIED
   */
  async prepare(): Promise<string[]> {
    const { db, log } = this.#context;
    const { made, plain, misspeltTime } = this.#lookOnly
      ? await lookAtIndexes(db, this.#context.expiry.mode)
      : await ensureIndexes(db, this.#context.expiry.mode);
    this.#context.plain = plain;
    this.#context.misspeltTime = misspeltTime;
    if (this.#lookOnly) return [];
    for (const name of plain) {
      log.warn(
        { collection: name },
        'doubles of old prevent a unique index: a plain one is used; `makai store check` lists them',
      );
    }
    if (misspeltTime) {
      log.warn(
        'a unique index on the misspelt field timetstamp_ms is on measurements: they carry that field until the index is dropped (`makai store check`)',
      );
    }
    if (made.length > 0) log.info({ indexes: made }, 'indexes made');
    return made;
  }

  /** Resolves when the server answers and can be written to. */
  ping(): Promise<void> {
    return checkWrite(this.#context);
  }

  insertMeasurements(batch: MeasurementColumns, options?: WriteOptions): Promise<InsertResult> {
    return insertMeasurements(this.#context, batch, options);
  }

  measurements(boxId: string, range?: TimeRange): AsyncIterable<MeasurementDocument> {
    return readMeasurements(this.#context, boxId, range);
  }

  async computeTrends(
    windows: readonly TrendWindow[],
  ): Promise<(Omit<TrendDocument, 'expire_at'> | undefined)[]> {
    return computeTrends(this.#context, windows, await this.#locations.get());
  }

  putTrends(trends: readonly Omit<TrendDocument, 'expire_at'>[], options?: WriteOptions): Promise<void> {
    return putTrends(this.#context, trends, options);
  }

  trends(boxId: string, range?: TimeRange): AsyncIterable<TrendDocument> {
    return readTrends(this.#context, boxId, range);
  }

  newestByBox(): Promise<NewestOfBox[]> {
    return newestByBox(this.#context);
  }

  nextEventIds(amount: number): Promise<number[]> {
    return this.#numbers.draw(amount);
  }

  /** As `nextEventIds` for the owner of a reserved block, and past `after`: what it gave while it could not reach us. */
  nextEventIdsAfter(amount: number, after: number, owner: string): Promise<number[]> {
    return this.#numbers.draw(amount, after, owner);
  }

  lastEventId(): Promise<number> {
    return this.#numbers.last();
  }

  /** Reserves a block of event numbers for the time when we cannot be reached (see event-numbers.ts). */
  reserveEventIds(owner: string, options: Parameters<EventNumbers['reserve']>[1]): Promise<Block> {
    return this.#numbers.reserve(owner, options);
  }

  releaseEventIds(owner: string, keep: Block, usedTo: number): Promise<void> {
    return this.#numbers.release(owner, keep, usedTo);
  }

  async insertEvent(event: NewEvent, options?: WriteOptions): Promise<void> {
    await insertEvent(this.#context, event, options);
    if (this.#context.expiry.mode !== 'laha') return;
    const stored = await readEvent(this.#context, event.event_id);
    if (stored !== undefined) await prolongForEvent(this.#context, stored);
  }

  addTriggeredBoxes(eventId: number, boxIds: readonly string[]): Promise<void> {
    return addTriggeredBoxes(this.#context, eventId, boxIds);
  }

  event(eventId: number): Promise<EventDocument | undefined> {
    return readEvent(this.#context, eventId);
  }

  events(range?: TimeRange): AsyncIterable<EventDocument> {
    return readEvents(this.#context, range);
  }

  putBoxEvent(
    boxEvent: BoxEventDocument,
    samples: Int16Array,
    receivedAtMs: number,
  ): Promise<'stored' | 'duplicate'> {
    return putBoxEvent(this.#context, boxEvent, samples, receivedAtMs);
  }

  boxEvents(eventId: number): Promise<BoxEventDocument[]> {
    return readBoxEvents(this.#context, eventId);
  }

  waveform(fileName: string): Promise<Buffer | undefined> {
    return readFile(this.#context, fileName);
  }

  boxes(): Promise<BoxDocument[]> {
    return this.#boxes.all();
  }

  box(boxId: string): Promise<BoxDocument | undefined> {
    return this.#boxes.one(boxId);
  }

  async putBox(box: BoxDocument): Promise<void> {
    await this.#boxes.put(box);
    this.#locations.forget();
  }

  async removeBox(boxId: string): Promise<boolean> {
    this.#locations.forget();
    return this.#boxes.remove(boxId);
  }

  makaiConfig(): Promise<MakaiConfigDocument | undefined> {
    return this.#makaiConfig.refresh();
  }

  async putMakaiConfig(document: MakaiConfigDocument): Promise<void> {
    await mapped('store makai_config', () =>
      collection(this.#context, 'makaiConfig').updateOne(
        {},
        { $set: makaiConfigDocument(document) },
        { upsert: true },
      ),
    );
  }

  lahaConfig(): Promise<LahaConfigDocument | undefined> {
    return this.#lahaConfig.refresh();
  }

  insertMetrics(document: MetricsDocument, options?: WriteOptions): Promise<void> {
    return insertMetrics(this.#context, document, options);
  }

  insertHealth(document: HealthDocument): Promise<void> {
    return insertHealth(this.#context, document);
  }

  putOpenRequest(request: OpenRequest): Promise<void> {
    return putOpenRequest(this.#context, request);
  }

  removeOpenRequest(key: string): Promise<void> {
    return removeOpenRequest(this.#context, key);
  }

  openRequests(): Promise<OpenRequest[]> {
    return readOpenRequests(this.#context);
  }

  boxIdsWithData(): Promise<string[]> {
    return boxIdsWithData(this.#context);
  }

  restore(documents: StoredDocuments): Promise<InsertResult> {
    return restore(this.#context, documents);
  }

  async sweep(nowMs: number, signal?: AbortSignal): Promise<SweepResult> {
    // Before the events with the greatest numbers go: none of these numbers may come again.
    await this.#numbers.noteGreatest();
    return sweep(this.#context, nowMs, this.#position, signal);
  }

  /** undefined for a server that does not tell */
  async serverTimeMs(): Promise<number | undefined> {
    const { localTime } = await mapped('ask for the time', () => this.#context.db.command({ hello: 1 }));
    return localTime instanceof Date ? localTime.getTime() : undefined;
  }

  async close(): Promise<void> {
    await this.#connection.client.close();
  }

  async #readLocations(): Promise<Map<string, string>> {
    const documents = await mapped('read locations', () =>
      collection(this.#context, 'boxes')
        .find({}, { projection: { box_id: 1, location: 1 } })
        .toArray(),
    );
    return new Map(
      documents.flatMap(({ box_id, location }) => {
        const slug = textOf(location);
        return slug === undefined || slug === '' ? [] : [[String(box_id), slug] as const];
      }),
    );
  }
}
