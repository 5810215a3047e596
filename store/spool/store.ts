/** The store in front of a database that may be away: every write is taken, here or there; see README.md for what is promised. */
import { columnsBytes, type MeasurementColumns } from '../../proto/columns.js';
import { packed } from '../../stream/packed.js';
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
  SweepResult,
  TimeRange,
  TrendDocument,
  TrendWindow,
  WriteOptions,
} from '../store.js';
import type { Primary } from './link.js';
import type { SpoolNumbers } from './numbers.js';
import { askedRow, eventRow, healthRow, measurementsRow, metricsRow, waveformRow } from './rows.js';
import type { SpoolStats } from './stats.js';
import { Writer, type WriterParts } from './writer.js';

export interface Parts extends WriterParts {
  numbers: SpoolNumbers;
  windowMs: number;
  now: () => number;
  /** stops the timers */
  stop(): void;
}

type NewTrend = Omit<TrendDocument, 'expire_at'>;

export class SpoolStore implements Store {
  readonly #parts: Parts;
  readonly #writer: Writer;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#writer = new Writer(parts);
  }

  /** What waits, what was dropped, and how it goes: for status and metrics. */
  stats(): SpoolStats {
    const { counts, drain, link, numbers, retries } = this.#parts;
    return {
      ...counts.stats(link.up, drain.running, numbers.givenOffline),
      notTaken: retries.notTaken,
    };
  }

  /** Resolves when nothing waits on disk any more, and trends that can be are computed anew. */
  async drained(): Promise<void> {
    const { counts, drain } = this.#parts;
    do {
      await counts.whenEmpty();
      await drain.idle();
    } while (!counts.empty);
  }

  async insertMeasurements(batch: MeasurementColumns, options?: WriteOptions): Promise<InsertResult> {
    if (batch.count === 0) return { inserted: 0, duplicates: 0 };
    const acceptedAtMs = this.#accepted(options);
    // The caller's columns are its own again when we answer; a slow database may still be reading then.
    const copy = packed(batch);
    const outcome = await this.#writer.write(
      'measurements',
      (primary) => primary.insertMeasurements(copy, { acceptedAtMs }),
      this.#parts.patience.measurementsMs,
      columnsBytes(copy.count),
    );
    if ('result' in outcome) return outcome.result;
    await this.#writer.spool(measurementsRow(copy, acceptedAtMs));
    return { inserted: batch.count, duplicates: 0 };
  }

  measurements(boxId: string, range?: TimeRange): AsyncIterable<MeasurementDocument> {
    return this.#writer.primary().measurements(boxId, range);
  }

  async computeTrends(windows: readonly TrendWindow[]): Promise<(NewTrend | undefined)[]> {
    const { counts, link, patience } = this.#parts;
    const outcome = await link.call((primary) => primary.computeTrends(windows), patience.readMs);
    // What is stored now is not all: computed again when the rest is delivered.
    if (!('result' in outcome) || counts.measurementsWait) {
      await this.#laterTrends(windows);
    }
    return 'result' in outcome ? outcome.result : windows.map(() => undefined);
  }

  async putTrends(trends: readonly NewTrend[], options?: WriteOptions): Promise<void> {
    const acceptedAtMs = this.#accepted(options);
    const { patience, windowMs } = this.#parts;
    const outcome = await this.#writer.write(
      'trends',
      (primary) => primary.putTrends(trends, { acceptedAtMs }),
      patience.measurementsMs,
    );
    if ('refused' in outcome) throw outcome.refused;
    if ('result' in outcome) return;
    const windows = trends.map(({ box_id, timestamp_ms }) => ({
      boxId: box_id,
      startMs: timestamp_ms - windowMs,
      endMs: timestamp_ms,
    }));
    await this.#laterTrends(windows);
  }

  trends(boxId: string, range?: TimeRange): AsyncIterable<TrendDocument> {
    return this.#writer.primary().trends(boxId, range);
  }

  newestByBox(): Promise<NewestOfBox[]> {
    return this.#writer.read((primary) => primary.newestByBox());
  }

  nextEventIds(amount: number): Promise<number[]> {
    const { link, numbers, patience } = this.#parts;
    return numbers.next(amount, link, patience.numbersMs);
  }

  async insertEvent(event: NewEvent, options?: WriteOptions): Promise<void> {
    const acceptedAtMs = this.#accepted(options);
    await this.#writer.writeForEvent(
      event.event_id,
      (primary) => primary.insertEvent(event, { acceptedAtMs }),
      () => eventRow(event, acceptedAtMs),
      this.#parts.patience.eventMs,
    );
  }

  async addTriggeredBoxes(eventId: number, boxIds: readonly string[]): Promise<void> {
    await this.#writer.writeForEvent(
      eventId,
      (primary) => primary.addTriggeredBoxes(eventId, boxIds),
      () => askedRow(eventId, boxIds, this.#parts.now()),
      this.#parts.patience.eventMs,
    );
  }

  event(eventId: number): Promise<EventDocument | undefined> {
    return this.#writer.read((primary) => primary.event(eventId));
  }

  events(range?: TimeRange): AsyncIterable<EventDocument> {
    return this.#writer.primary().events(range);
  }

  async putBoxEvent(
    boxEvent: BoxEventDocument,
    samples: Int16Array,
    receivedAtMs: number,
  ): Promise<'stored' | 'duplicate'> {
    const copy = samples.slice();
    const written = await this.#writer.writeForEvent(
      boxEvent.event_id,
      (primary) => primary.putBoxEvent(boxEvent, copy, receivedAtMs),
      () => waveformRow(boxEvent, copy, receivedAtMs),
      this.#parts.patience.waveformMs,
      copy.byteLength,
    );
    if (typeof written === 'boolean') return written ? 'stored' : 'duplicate';
    return written;
  }

  boxEvents(eventId: number): Promise<BoxEventDocument[]> {
    return this.#writer.read((primary) => primary.boxEvents(eventId));
  }

  waveform(fileName: string): Promise<Buffer | undefined> {
    return this.#writer.read((primary) => primary.waveform(fileName));
  }

  boxes(): Promise<BoxDocument[]> {
    return this.#writer.remembered('opq_boxes', (primary) => primary.boxes());
  }

  /** While the database is away: as it was remembered; undefined also where nothing is, so that a waveform does not wait for a location. */
  async box(boxId: string): Promise<BoxDocument | undefined> {
    const { link, patience } = this.#parts;
    const outcome = await link.call((primary) => primary.box(boxId), patience.readMs);
    if ('result' in outcome) return outcome.result;
    const boxes = await this.boxes().catch(() => []);
    return boxes.find((box) => box.box_id === boxId);
  }

  putBox(box: BoxDocument): Promise<void> {
    return this.#writer.read((primary) => primary.putBox(box));
  }

  removeBox(boxId: string): Promise<boolean> {
    return this.#writer.read((primary) => primary.removeBox(boxId));
  }

  makaiConfig(): Promise<MakaiConfigDocument | undefined> {
    return this.#writer.remembered('makai_config', (primary) => primary.makaiConfig());
  }

  putMakaiConfig(document: MakaiConfigDocument): Promise<void> {
    return this.#writer.read((primary) => primary.putMakaiConfig(document));
  }

  lahaConfig(): Promise<LahaConfigDocument | undefined> {
    return this.#writer.remembered('laha_config', (primary) => primary.lahaConfig());
  }

  async insertMetrics(document: MetricsDocument, options?: WriteOptions): Promise<void> {
    const acceptedAtMs = this.#accepted(options);
    const outcome = await this.#writer.write(
      'diagnostics',
      (primary) => primary.insertMetrics(document, { acceptedAtMs }),
      this.#parts.patience.eventMs,
    );
    if (!('result' in outcome)) await this.#writer.spool(metricsRow(document, acceptedAtMs));
  }

  async insertHealth(document: HealthDocument, options?: WriteOptions): Promise<void> {
    const { patience } = this.#parts;
    const work = (primary: Primary): Promise<void> => primary.insertHealth(document, options);
    const outcome = await this.#writer.write('diagnostics', work, patience.eventMs);
    if (!('result' in outcome)) await this.#writer.spool(healthRow(document, this.#accepted(options)));
  }

  // Open requests are this broker's own: they live here and never in the database, where a second broker would take them for its own.
  async putOpenRequest(request: OpenRequest): Promise<void> {
    await this.#parts.disk.call('putOpenRequest', request);
  }

  async removeOpenRequest(key: string): Promise<void> {
    await this.#parts.disk.call('removeOpenRequest', key);
  }

  openRequests(): Promise<OpenRequest[]> {
    return this.#parts.disk.call('openRequests');
  }

  boxIdsWithData(): Promise<string[]> {
    return this.#writer.read((primary) => primary.boxIdsWithData());
  }

  restore(documents: StoredDocuments): Promise<InsertResult> {
    return this.#writer.read((primary) => primary.restore(documents));
  }

  sweep(nowMs: number, signal?: AbortSignal): Promise<SweepResult> {
    return this.#writer.read((primary) => primary.sweep(nowMs, signal));
  }

  serverTimeMs(): Promise<number | undefined> {
    return this.#writer.read(async (primary) => primary.serverTimeMs?.());
  }

  async close(): Promise<void> {
    const { disk, drain, link, retries, stop } = this.#parts;
    stop();
    retries.stop();
    // The link first: a drain in the middle of a row ends with it; the row stays on disk.
    const stopping = drain.stop();
    await link.stop();
    await stopping;
    await disk.close();
  }

  /** Computed anew when what waits is delivered. */
  async #laterTrends(windows: readonly TrendWindow[]): Promise<void> {
    const { counts, disk, drain } = this.#parts;
    const { dropped, totals } = await disk.call('addWindows', [...windows]);
    counts.drop(dropped, totals);
    drain.wake();
  }

  #accepted(options?: WriteOptions): number {
    return options?.acceptedAtMs ?? this.#parts.now();
  }
}
