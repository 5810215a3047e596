/** What happens while `makai up` runs, seen from outside: the measurement stream, the event notices, the store. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Running } from '../../common/lifecycle.js';
import type { EventDocument, Store } from '../../store/store.js';
import { receiveMessage } from '../../zmq/receive.js';
import { connecting, type Subscriber } from '../../zmq/sockets.js';
import { summarizeWaveform, type WaveformSummary } from '../waveform-summary.js';

/** How long to wait for an event to be complete before it is shown incomplete, ms. */
const COMPLETE_MS = 20_000;
/** A box that is silent for this long is no longer counted, ms. */
const HEARD_MS = 5000;

export type ShownEvent = EventDocument & { waveforms: WaveformSummary[] };

export class Watch implements Running {
  measurements = 0;
  events = 0;
  readonly #heard = new Map<string, number>();
  readonly #stream = connecting.subscriber({ receiveHighWaterMark: 0 });
  readonly #notices = connecting.subscriber();
  readonly #store: Store;
  readonly #onEvent: (event: ShownEvent) => void;
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(
    endpoints: { backend: string; notices: string },
    store: Store,
    onEvent: (event: ShownEvent) => void,
  ) {
    this.#store = store;
    this.#onEvent = onEvent;
    this.#stream.connect(endpoints.backend);
    this.#stream.subscribe('');
    this.#notices.connect(endpoints.notices);
    this.#notices.subscribe('evnew');
    this.#loops = [this.#countMeasurements(), this.#receiveNotices()];
  }

  /** Number of boxes that sent a measurement within the last seconds. */
  get boxes(): number {
    const now = Date.now();
    for (const [topic, at] of this.#heard) if (now - at > HEARD_MS) this.#heard.delete(topic);
    return this.#heard.size;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stream.close();
    this.#notices.close();
    await Promise.all(this.#loops);
  }

  async #countMeasurements(): Promise<void> {
    await this.#each(this.#stream, ([topic]) => {
      this.measurements += 1;
      if (topic !== undefined) this.#heard.set(topic.toString(), Date.now());
    });
  }

  async #receiveNotices(): Promise<void> {
    const open = new Set<Promise<void>>();
    await this.#each(this.#notices, ([, number]) => {
      this.events += 1;
      const task = this.#show(Number(number)).finally(() => open.delete(task));
      open.add(task);
    });
    await Promise.allSettled(open);
  }

  async #each(socket: Subscriber, handle: (frames: Buffer[]) => void): Promise<void> {
    while (!socket.closed) {
      try {
        const frames = await receiveMessage(socket);
        if (frames !== undefined) handle(frames);
      } catch (error) {
        if (!socket.closed) throw error;
      }
    }
  }

  /** Waits until every box that was asked has replied, then reports the event as it is in the store. */
  async #show(eventId: number): Promise<void> {
    const until = Date.now() + COMPLETE_MS;
    for (;;) {
      const event = await this.#store.event(eventId);
      const complete = event?.boxes_triggered.every((box) => event.boxes_received.includes(box)) ?? false;
      if (event !== undefined && (complete || this.#stopped || Date.now() > until)) {
        this.#onEvent({ ...event, waveforms: await this.#summaries(eventId) });
        return;
      }
      if (this.#stopped || Date.now() > until) return;
      await sleep(200);
    }
  }

  async #summaries(eventId: number): Promise<WaveformSummary[]> {
    const boxEvents = await this.#store.boxEvents(eventId);
    return Promise.all(boxEvents.map((boxEvent) => summarizeWaveform(this.#store, boxEvent)));
  }
}
