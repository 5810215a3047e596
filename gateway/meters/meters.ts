/** Meters that speak MQTT: their messages become measurements of a box of the store, in the stream. */
import { type Clock, repeat } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { Rejections } from '../../common/rejections.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { TokenBucket } from '../../common/token-bucket.js';
import { Turn } from '../../common/turn.js';
import { filterOf, isMeterName, isOwnTopic, nameIn } from '../../config/meter-topics.js';
import type { MeterSettings, MeterTopic } from '../../config/settings.js';
import { BoxFindings } from '../../daemon/box-findings.js';
import type { BoxDocument, Store } from '../../store/store.js';
import type { Incoming, Link } from '../mqtt/link.js';
import type { MeterHealth } from './health.js';
import { type Reading, readMeter } from './reading.js';
import { type MeterStore, meterRecord, storedMeters } from './records.js';
import { silenceOf } from './silence.js';
import { type MeterStream, type MeterStreamStatus, openMeterStream } from './stream.js';

/**
 * A new meter is sent so long after its record was made: by then the services have read the record, as they do each minute. Before that they would refuse its id, and judge
 * it by another nominal voltage.
 */
const NEW_MS = 65_000;
/** Records are read again so often: people may delete one. */
const RECORDS_MS = 60_000;
const SILENCE_MS = 10_000;
/** Names that wait for their record at the same time. */
const MOST_PENDING = 100;
const BURST = 20;
const PER_SECOND = 10;

export interface MetersStatus extends MeterStreamStatus {
  /** with a record */
  known: number;
  /** heard since the start of the gateway */
  heard: number;
  silent: number;
}

export interface MetersOptions {
  settings: MeterSettings;
  link: Link;
  /** throws MakaiError STORE_UNAVAILABLE until it is open */
  store: () => MeterStore & Pick<Store, 'apply'>;
  rejections: Rejections;
  clock: Clock;
  log: Logger;
}

interface Meter {
  id: number;
  name: string;
  /** Unix ms: it is sent from then on */
  readyMs: number;
  bucket: TokenBucket;
  lastMs?: number;
  measurements: number;
  /** the entry that it was last read by; undefined until it is heard */
  mapping?: MeterTopic;
}

/** A reading, and the entry of `topics` that it was read by. */
interface Read {
  mapping: MeterTopic;
  reading: Reading;
}

export class Meters implements Running {
  readonly #options: MetersOptions;
  readonly #stream: MeterStream;
  readonly #log: ThrottledLog;
  readonly #findings: BoxFindings;
  readonly #startedMs: number;
  /** by name */
  readonly #meters = new Map<string, Meter>();
  /** names whose record is looked for, with their newest reading */
  readonly #pending = new Map<string, Read>();
  readonly #turn = new Turn();
  readonly #parts: Running[] = [];
  readonly #ends: (() => Promise<void>)[] = [];
  #areRead = false;
  #stopped = false;

  /** @throws MakaiError as `openMeterStream` */
  static async start(options: MetersOptions): Promise<Meters> {
    const meters = new Meters(options, await openMeterStream(options));
    await meters.#start();
    return meters;
  }

  private constructor(options: MetersOptions, stream: MeterStream) {
    const { clock, log, rejections, store } = options;
    this.#options = options;
    this.#stream = stream;
    this.#startedMs = clock.now();
    this.#log = new ThrottledLog(log, { clock });
    this.#findings = new BoxFindings({
      // What the store does not take now is written later, by BoxFindings itself.
      outbox: { put: (write) => store().apply(write) },
      ...{ rejections, log, clock },
    });
  }

  status(): MetersStatus {
    const meters = [...this.#meters.values()];
    return {
      ...this.#stream.status(),
      known: meters.length,
      heard: meters.filter(({ lastMs }) => lastMs !== undefined).length,
      silent: this.#findings.list().length,
    };
  }

  /** The records were read from the store: until then nobody knows which meters there are. */
  get areKnown(): boolean {
    return this.#areRead;
  }

  /** @param boxId only this one */
  health(boxId?: number): MeterHealth[] {
    const meters = [...this.#meters.values()].filter(({ id }) => boxId === undefined || id === boxId);
    return meters.map((meter) => {
      const { id, lastMs, measurements, name } = meter;
      const silent_after_ms = this.#silentMs(meter);
      const isUnknown =
        lastMs === undefined && silent_after_ms > 0 && !this.#findings.has(id, 'METER_SILENT');
      return {
        box_id: String(id),
        findings: this.#findings.of(id),
        meter: {
          name,
          ...(lastMs === undefined ? {} : { last_ms: lastMs }),
          measurements,
          silent_after_ms,
          ...(isUnknown ? { is_unknown: true } : {}),
        },
      };
    });
  }

  /** Waits for the look-up that is under way, if there is one; the others are given up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const end of this.#ends) await end();
    for (const part of this.#parts) await part.stop();
    await this.#turn.run(async () => undefined);
    await this.#findings.stop();
    await this.#stream.stop();
  }

  async #start(): Promise<void> {
    const { clock, link, settings } = this.#options;
    await this.#readRecords();
    this.#parts.push(
      repeat(() => this.#readRecords(), RECORDS_MS, clock),
      repeat(() => this.#lookForSilence(), SILENCE_MS, clock),
    );
    for (const mapping of settings.topics) {
      // What the broker keeps for us while we do not run would come with a wrong time, unless it carries its own.
      const qos = mapping.time === undefined ? 0 : 1;
      const end = await link.subscribe(filterOf(mapping.topic), (message) => this.#hear(mapping, message), {
        qos,
      });
      this.#ends.push(end);
    }
  }

  #hear(mapping: MeterTopic, message: Incoming): void {
    const refused = this.#accept(mapping, message);
    if (refused !== undefined) this.#options.rejections.count(refused.reason, message.topic, refused.detail);
  }

  /** @returns why it is no measurement of a meter */
  #accept(
    mapping: MeterTopic,
    { payload, retain, topic }: Incoming,
  ): { reason: string; detail?: string } | undefined {
    const level = isOwnTopic(topic) ? undefined : nameIn(mapping.topic, topic);
    if (level === undefined) return { reason: 'meter_own_topic' };
    const name = mapping.name.replaceAll('{name}', () => level);
    if (!isMeterName(name)) return { reason: 'meter_name' };
    // The broker had it from before: nobody knows since when.
    if (retain && mapping.time === undefined) return { reason: 'meter_retained' };
    const meter = this.#meters.get(name);
    if (meter !== undefined && meter.bucket.take() === 0) return { reason: 'meter_too_often' };
    const read = readMeter(mapping, payload, this.#options.clock.now());
    if ('refused' in read) return { reason: read.refused, detail: read.detail };
    if (meter !== undefined) {
      this.#take(meter, { mapping, reading: read.reading });
      return undefined;
    }
    const isPending = this.#pending.has(name);
    if (!isPending && this.#pending.size >= MOST_PENDING) return { reason: 'meter_too_many_new' };
    this.#pending.set(name, { mapping, reading: read.reading });
    if (!isPending) void this.#findSoon(name, mapping);
    return undefined;
  }

  async #findSoon(name: string, mapping: MeterTopic): Promise<void> {
    try {
      await this.#turn.run(() => this.#find(name, mapping));
    } catch (error) {
      this.#options.rejections.tally('meter_store');
      this.#log.warn(
        { err: error, code: codeOf(error), meter: name },
        'the record of a meter could not be read or made: its measurements are dropped',
      );
    } finally {
      this.#pending.delete(name);
    }
  }

  #take(meter: Meter, { mapping, reading }: Read): void {
    const nowMs = this.#options.clock.now();
    meter.lastMs = nowMs;
    meter.mapping = mapping;
    meter.measurements += 1;
    this.#findings.end(meter.id, 'METER_SILENT');
    if (nowMs >= meter.readyMs) this.#stream.send(meter.id, reading);
  }

  async #find(name: string, mapping: MeterTopic): Promise<void> {
    const { clock, log, rejections, settings, store } = this.#options;
    // While the store is unavailable each look-up takes seconds, and many may wait.
    if (this.#stopped) return;
    const { maxMeters } = settings;
    const box = await meterRecord(store(), { name, mapping, maxMeters, nowMs: clock.now() });
    if (box === undefined) {
      rejections.count('meter_too_many', name);
      return;
    }
    const isNew = !this.#meters.has(name);
    const meter = this.#add(name, box);
    if (isNew) log.info({ meter: name, boxId: meter.id }, 'a meter is heard');
    const read = this.#pending.get(name);
    if (read !== undefined) this.#take(meter, read);
  }

  #add(name: string, { box_id, location_start_time_ms: madeMs = 0 }: BoxDocument): Meter {
    const known = this.#meters.get(name);
    const id = Number(box_id);
    if (known?.id === id) return known;
    const meter: Meter = {
      ...{ id, name, measurements: 0 },
      readyMs: madeMs + NEW_MS,
      bucket: new TokenBucket(BURST, PER_SECOND, this.#options.clock),
    };
    this.#meters.set(name, meter);
    return meter;
  }

  /** What is known stays where the store is unavailable. */
  async #readRecords(): Promise<void> {
    try {
      const stored = await storedMeters(this.#options.store());
      for (const [name, box] of stored) this.#add(name, box);
      for (const [name, { id }] of this.#meters) {
        if (stored.has(name)) continue;
        this.#meters.delete(name);
        this.#findings.end(id, 'METER_SILENT');
      }
      this.#areRead = true;
    } catch (error) {
      this.#log.warn({ err: error, code: codeOf(error) }, 'the records of meters could not be read');
    }
  }

  async #lookForSilence(): Promise<void> {
    if (!this.#areRead) await this.#readRecords();
    const nowMs = this.#options.clock.now();
    for (const meter of this.#meters.values()) {
      const { id, lastMs = this.#startedMs } = meter;
      const silentMs = this.#silentMs(meter);
      if (silentMs === 0 || nowMs - lastMs <= silentMs) continue;
      const since = new Date(lastMs).toISOString();
      this.#findings.report(id, 'METER_SILENT', `no measurement since ${since}`, 3 * SILENCE_MS);
    }
  }

  /** 0: for ever. After a start, until it is heard, nobody knows which entry reads it: all that could have made its name count. */
  #silentMs({ mapping, name }: Meter): number {
    return mapping?.silentMs ?? silenceOf(name, this.#options.settings.topics) ?? 0;
  }
}
