/** Live values and events: the measurement stream, and the viewers of /live. */
import type { ServerResponse } from 'node:http';
import { type Clock, repeat } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import { VERSION } from '../../common/version.js';
import type { LiveMeasurement } from '../api/boxes.js';
import { TOPICS, type Topic } from '../api/live.js';
import { RequestError } from '../http/problems.js';
import { eventText, Hub } from './hub.js';
import type { LiveMeasurements } from './measurements.js';
import { MAX_AT_ONCE, Viewer } from './viewer.js';

const TICKS_PER_SECOND = 4;
const HEARTBEAT_MS = 10_000;
/** Whether a viewer may still see what it sees is asked so often. */
const CHECK_MS = 30_000;
const MOST_VIEWERS = 1000;
/** Measurements of one event: some 300 kB. */
const BOXES_AT_ONCE = 2000;

export interface View {
  topics: string | undefined;
  boxes: string | undefined;
  perSecond: number;
  lastId: string | undefined;
  /** false: the session has ended */
  isAllowed: () => Promise<boolean>;
}

export class Live implements Running {
  readonly hub = new Hub();
  readonly #measurements: LiveMeasurements;
  readonly #clock: Clock;
  readonly #viewers = new Map<Viewer, () => Promise<boolean>>();
  readonly #loops: Running[];
  /** viewers that were disconnected because they read too slowly */
  slow = 0;

  constructor(measurements: LiveMeasurements, clock: Clock) {
    this.#measurements = measurements;
    this.#clock = clock;
    this.#loops = [
      repeat(async () => this.#tick(), 1000 / TICKS_PER_SECOND, clock),
      repeat(async () => this.#heartbeat(), HEARTBEAT_MS, clock),
      repeat(() => this.#check(), CHECK_MS, clock),
    ];
  }

  get connected(): boolean {
    return this.#measurements.connected;
  }

  get missing(): readonly string[] {
    return this.#measurements.missing;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  active(): number {
    return this.#measurements.active();
  }

  last(boxId: string): LiveMeasurement | undefined {
    return this.#measurements.of(boxId);
  }

  heardIds(): string[] {
    return this.#measurements.ids();
  }

  /** Refuses what cannot be served, before anything is sent. @throws RequestError */
  topicsOf(text: string | undefined): Set<Topic> {
    if (this.#viewers.size >= MOST_VIEWERS)
      throw new RequestError(`${MOST_VIEWERS} viewers are connected`, [], 503);
    const names = text === undefined ? TOPICS : text.split(',');
    const isTopic = (name: string): name is Topic => TOPICS.some((topic) => topic === name);
    const unknown = names.find((name) => !isTopic(name));
    if (unknown === undefined) return new Set(names.filter(isTopic));
    const message = `expected some of ${TOPICS.join(', ')}, found ${unknown}`;
    throw new RequestError(`topics: ${message}`, [{ path: 'topics', message }]);
  }

  /** Takes over a response, whose head has been written. */
  view(response: ServerResponse, topics: Set<Topic>, { boxes, isAllowed, lastId, perSecond }: View): void {
    const viewer: Viewer = new Viewer({
      response,
      topics,
      boxes: boxes === undefined ? undefined : new Set(boxes.split(',')),
      everyTicks: Math.ceil(TICKS_PER_SECOND / perSecond),
      onEnd: (isSlow) => {
        if (isSlow) this.slow += 1;
        remove();
        this.#viewers.delete(viewer);
      },
    });
    const remove = this.hub.add(viewer);
    this.#viewers.set(viewer, isAllowed);
    viewer.send(`retry: 1000\n${eventText('hello', { version: VERSION, now_ms: this.#clock.now() })}`);
    if (lastId !== undefined) this.#catchUp(viewer, lastId);
    if (!topics.has('measurements')) return;
    const texts = textsOf(chosen(this.#measurements.since(0), viewer.boxes));
    viewer.measurements(texts.length > 0 ? texts : [eventText('measurements', { items: [] })]);
  }

  async stop(): Promise<void> {
    for (const loop of this.#loops) await loop.stop();
    for (const viewer of [...this.#viewers.keys()]) viewer.close();
  }

  #catchUp(viewer: Viewer, lastId: string): void {
    const missed = this.hub.missed(lastId);
    if (missed === undefined) {
      viewer.send(eventText('reset', {}));
      return;
    }
    const texts = missed.filter(({ topic }) => viewer.wants(topic)).map(({ text }) => text);
    // More would exceed what may wait for a reader: it would be disconnected each time that it connects again.
    const length = texts.reduce((sum, text) => sum + text.length, 0);
    for (const text of length > MAX_AT_ONCE ? [eventText('reset', {})] : texts) viewer.send(text);
  }

  #tick(): void {
    const tick = this.#measurements.tick();
    /** by the first tick that they hold: the same for many viewers */
    const made = new Map<number, { items: LiveMeasurement[]; texts?: readonly string[] }>();
    for (const viewer of [...this.#viewers.keys()]) {
      const { boxes, everyTicks } = viewer;
      if (!viewer.wants('measurements')) continue;
      viewer.goOn();
      if (tick % everyTicks !== 0) continue;
      viewer.tick ??= tick - everyTicks;
      // It gets them later, with what comes until then.
      if (viewer.isBusy) continue;
      const from = viewer.tick + 1;
      viewer.tick = tick;
      const known = made.get(from) ?? { items: this.#measurements.since(from) };
      made.set(from, known);
      if (boxes === undefined) known.texts ??= textsOf(known.items);
      viewer.measurements(boxes === undefined ? (known.texts ?? []) : textsOf(chosen(known.items, boxes)));
    }
  }

  /** A proxy closes what is silent; a connection that is dead is noticed. */
  #heartbeat(): void {
    for (const viewer of [...this.#viewers.keys()]) viewer.send(':\n\n');
  }

  async #check(): Promise<void> {
    for (const [viewer, isAllowed] of [...this.#viewers])
      if (!(await isAllowed().catch(() => true))) viewer.close();
  }
}

function chosen(items: LiveMeasurement[], boxes: ReadonlySet<string> | undefined): LiveMeasurement[] {
  return boxes === undefined ? items : items.filter(({ box_id }) => boxes.has(box_id));
}

function textsOf(items: readonly LiveMeasurement[]): string[] {
  const texts: string[] = [];
  for (let at = 0; at < items.length; at += BOXES_AT_ONCE)
    texts.push(eventText('measurements', { items: items.slice(at, at + BOXES_AT_ONCE) }));
  return texts;
}
