/**
 * What was sent, accepted, stored, lost and doubled, for each kind. "Accepted" (docs/reliability.md):
 * - a measurement, when it has been seen in the store; and, while neither a broker nor the service is killed, when it came out of the triggering broker;
 * - an event, when its `evnew` was heard;
 * - a waveform, when the v3 notice (first waveform stored) arrived, or when its box replied to a request of an accepted event while it was asked.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Push, Subscriber } from 'zeromq';
import * as proto from '../../proto/index.js';
import type { Store } from '../../store/store.js';
import { BOX_IDS, type FaultLine } from './line.js';

export interface Row {
  kind: string;
  sent: number;
  accepted: number;
  stored: number;
  lost: number;
  doubled: number;
  /** some of those lost */
  missing?: string[];
  /** some of those stored, or announced, more than once */
  repeated?: string[];
}

const ASK_EVERY_MS = 150;
const LOOK_EVERY_MS = 400;
const WINDOW_MS = 500;
/** The window ended so long ago. */
const AGO_MS = 1500;
const SETTLE_MS = 120_000;
const WAIT_MS = 180_000;

export class Ledger {
  readonly #line: FaultLine;
  readonly #stop = new AbortController();
  readonly #tasks: Promise<void>[] = [];
  readonly #sockets: { close(): void }[] = [];
  #asked = 0;
  /** `box:time` of what came out of the triggering broker */
  readonly #heard = new Set<string>();
  /** the same when the load ended: boxes go on while it is counted */
  #heardToTheEnd: ReadonlySet<string> = new Set();
  readonly #seen = new Set<string>();
  readonly #announced: number[] = [];
  readonly #firstWaveforms = new Set<number>();
  #looked = 0;
  readonly #tag = `fault ${process.hrtime.bigint()}`;

  constructor(line: FaultLine) {
    this.#line = line;
  }

  get announced(): number {
    return this.#announced.length;
  }

  get measurementsHeard(): number {
    return this.#heard.size;
  }

  /** Starts to ask, to listen and to look. */
  start({ ask = true } = {}): void {
    const field = (name: string): string => this.#line.field('acquisition-broker', name);
    this.#listen(
      field('backend_pub'),
      'evnew',
      ([, number]) => void this.#announced.push(Number(String(number))),
    );
    this.#listen(
      field('zmq_event_endpoint'),
      '',
      ([, number]) => void this.#firstWaveforms.add(Number(String(number))),
    );
    this.#listen(this.#line.field('triggering-broker', 'backend'), '', ([, frame]) => this.#hear(frame));
    if (ask) this.#tasks.push(this.#ask(field('backend_pull')));
    this.#tasks.push(this.#look());
  }

  /** Fulfilled when `count` more events have been announced. */
  async moreEvents(count: number): Promise<void> {
    const wanted = this.#announced.length + count;
    await this.#until(() => this.#announced.length >= wanted, `${count} more events`);
  }

  async moreMeasurements(count: number): Promise<void> {
    const wanted = this.#heard.size + count;
    await this.#until(() => this.#heard.size >= wanted, `${count} more measurements`);
  }

  /**
   * Ends the load, waits until what was accepted is stored, and counts.
   * @param all true: the service lived all the time, so all that it heard counts as accepted
   */
  async settle({ all = false, waveforms = true } = {}): Promise<Row[]> {
    this.#stop.abort();
    await Promise.all(this.#tasks);
    this.#heardToTheEnd = new Set(this.#heard);
    await sleep(1500);
    const store = await this.#line.openStore();
    try {
      let until = Date.now() + SETTLE_MS;
      let fewest = Number.POSITIVE_INFINITY;
      for (;;) {
        const rows = await this.#count(store, all, waveforms);
        const lost = rows.reduce((sum, row) => sum + row.lost, 0);
        if (lost === 0 || Date.now() > until) return rows;
        // What is on the way from a spool to a slow server is not lost.
        if (lost < fewest) until = Date.now() + SETTLE_MS;
        fewest = Math.min(fewest, lost);
        await sleep(1000);
      }
    } finally {
      await store.close();
      for (const socket of this.#sockets) socket.close();
    }
  }

  #listen(endpoint: string, topic: string, take: (frames: Buffer[]) => void): void {
    const socket = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
    this.#sockets.push(socket);
    socket.subscribe(topic);
    socket.connect(endpoint);
    void (async () => {
      for await (const frames of socket) take(frames);
    })();
  }

  #hear(frame: Buffer | undefined): void {
    if (frame === undefined) return;
    try {
      const { message } = proto.decodeStream(frame);
      const [id, time] = 'id' in message ? [message.id, message.time] : [message.boxId, message.timestampMs];
      if ((BOX_IDS as readonly number[]).includes(id)) this.#heard.add(`${id}:${time}`);
    } catch {
      // A case that sends nonsense does not count it here.
    }
  }

  async #ask(endpoint: string): Promise<void> {
    const push = new Push({ linger: 0, sendHighWaterMark: 0 });
    this.#sockets.push(push);
    push.connect(endpoint);
    while (!this.#stop.signal.aborted) {
      const endMs = Date.now() - AGO_MS;
      await push.send(
        proto.requestEvent.encode({
          startMs: endMs - WINDOW_MS,
          endMs,
          triggerType: 'OTHER',
          percentMagnitude: 0,
          boxIds: [...BOX_IDS],
          requestee: 'fault',
          description: `${this.#tag} ${this.#asked}`,
          requestData: true,
        }),
      );
      this.#asked += 1;
      await sleep(ASK_EVERY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** Looks into the store now and then: what has been seen there once must stay. */
  async #look(): Promise<void> {
    let store: Store | undefined;
    while (!this.#stop.signal.aborted) {
      try {
        store ??= await this.#line.openStore();
        for (const id of BOX_IDS)
          for await (const { timestamp_ms } of store.measurements(String(id), {
            descending: true,
            limit: 30,
          }))
            this.#seen.add(`${id}:${timestamp_ms}`);
        this.#looked += 1;
      } catch {
        // In some cases the store is unavailable.
        await store?.close().catch(() => undefined);
        store = undefined;
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
    await store?.close();
  }

  async #count(store: Store, all: boolean, withWaveforms: boolean): Promise<Row[]> {
    const rows = [await this.#measurements(store, all), await this.#events(store)];
    if (withWaveforms) rows.push(await this.#waveforms(store));
    return rows;
  }

  async #measurements(store: Store, all: boolean): Promise<Row> {
    const found: string[] = [];
    for (const id of BOX_IDS)
      for await (const { timestamp_ms } of store.measurements(String(id)))
        found.push(`${id}:${timestamp_ms}`);
    const stored = new Set(found);
    const accepted = all ? new Set([...this.#heardToTheEnd, ...this.#seen]) : this.#seen;
    const missing = [...accepted].filter((key) => !stored.has(key));
    const lost = missing.length;
    const sent = this.#line.fleet?.stats.measurements ?? this.#heard.size;
    return {
      kind: 'measurements',
      sent,
      accepted: accepted.size,
      stored: found.length,
      lost,
      doubled: found.length - stored.size,
      missing: missing.slice(0, 5),
      repeated: repeatedOf(found).slice(0, 5),
    };
  }

  async #events(store: Store): Promise<Row> {
    const descriptions: string[] = [];
    const numbers = new Set<number>();
    for await (const event of store.events()) {
      numbers.add(event.event_id);
      if (event.description.startsWith(this.#tag)) descriptions.push(event.description);
    }
    const accepted = new Set(this.#announced);
    const missing = [...accepted].filter((number) => !numbers.has(number)).map(String);
    const repeated = [...repeatedOf(this.#announced.map(String)), ...repeatedOf(descriptions)];
    return {
      kind: 'events',
      sent: this.#asked,
      accepted: accepted.size,
      stored: descriptions.length,
      lost: missing.length,
      doubled: repeated.length,
      missing: missing.slice(0, 5),
      repeated: repeated.slice(0, 5),
    };
  }

  /** Each accepted event has the waveform of each box, whole, once. */
  async #waveforms(store: Store): Promise<Row> {
    let stored = 0;
    let lost = 0;
    let doubled = 0;
    const accepted = new Set([...this.#announced, ...this.#firstWaveforms]);
    for (const number of accepted) {
      const found = await store.boxEvents(number);
      const boxes = new Set(found.map(({ box_id }) => box_id));
      stored += found.length;
      doubled += found.length - boxes.size;
      for (const id of BOX_IDS) if (!boxes.has(String(id))) lost += 1;
      for (const one of found) {
        const bytes = await store.waveform(one.data_fs_filename);
        if (bytes?.length !== one.window_timestamps_ms.length * 400) lost += 1;
      }
    }
    const asked = this.#asked * BOX_IDS.length;
    return {
      kind: 'waveforms',
      sent: asked,
      accepted: accepted.size * BOX_IDS.length,
      stored,
      lost,
      doubled,
    };
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    const until = Date.now() + WAIT_MS;
    while (!condition()) {
      if (Date.now() > until)
        throw new Error(
          `gave up waiting for ${what}; ${this.#announced.length} events were announced of ${this.#asked} that were requested, ${this.#heard.size} measurements heard`,
        );
      const deaths = this.#line.deaths();
      if (deaths.length > 0) throw new Error(deaths.join('; '));
      await sleep(50);
    }
  }
}

/** What comes after its first occurrence. */
function repeatedOf(items: readonly string[]): string[] {
  const seen = new Set<string>();
  return items.filter((item) => seen.size === seen.add(item).size);
}
