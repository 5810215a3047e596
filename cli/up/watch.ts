/** What happens while `makai up` runs, seen from outside: the measurement stream, the notices of events and incidents, the store. */
import { poll, systemClock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import { silentBoxes } from '../../store/boxes.js';
import type { EventDocument, IncidentDocument, IncidentGroup, Store } from '../../store/store.js';
import { connectTo } from '../../zmq/connect.js';
import { receiveMessage } from '../../zmq/receive.js';
import { connecting, type Subscriber } from '../../zmq/sockets.js';
import { summarizeWaveform, type WaveformSummary } from '../waveform-summary.js';
import { Seen } from './printed.js';

/** How long to wait for an event to be complete before it is shown incomplete, ms. */
const COMPLETE_MS = 20_000;
const LOOK_MS = 200;
/** A box that is silent for this long is no longer counted, ms. */
const HEARD_MS = 5000;

export type ShownEvent = EventDocument & { waveforms: WaveformSummary[] };

export interface Shows {
  event(event: ShownEvent): void;
  incident(incident: IncidentDocument): void;
  group(group: IncidentGroup): void;
}

export class Watch implements Running {
  measurements = 0;
  events = 0;
  incidents = 0;
  readonly #heard = new Map<string, number>();
  readonly #stream = connecting.subscriber({ receiveHighWaterMark: 0 });
  readonly #notices = connecting.subscriber();
  readonly #incidents = connecting.subscriber();
  readonly #store: Store;
  readonly #shows: Shows;
  readonly #shown = new Seen();
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(
    endpoints: { backend: string; notices: string; incidents: string },
    store: Store,
    shows: Shows,
  ) {
    this.#store = store;
    this.#shows = shows;
    connectTo(this.#stream, endpoints.backend);
    this.#stream.subscribe('');
    connectTo(this.#notices, endpoints.notices);
    this.#notices.subscribe('evnew');
    connectTo(this.#incidents, endpoints.incidents);
    this.#incidents.subscribe('incident');
    this.#loops = [this.#countMeasurements(), this.#receiveNotices(), this.#receiveIncidents()];
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
    this.#incidents.close();
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

  /** One of several classes is published under each of them, and shown once. */
  async #receiveIncidents(): Promise<void> {
    await this.#each(this.#incidents, ([topic, body]) => {
      if (topic === undefined || body === undefined) return;
      const document: unknown = JSON.parse(body.toString());
      if (topic.toString().startsWith('incident-group/')) {
        this.#shows.group(document as IncidentGroup);
        return;
      }
      const incident = document as IncidentDocument;
      if (!this.#shown.isNew(incident.incident_id)) return;
      this.incidents += 1;
      this.#shows.incident(incident);
    });
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
    const event = await poll(
      () => this.#store.event(eventId),
      (found) => this.#stopped || (found !== undefined && silentBoxes(found).length === 0),
      { clock: systemClock, everyMs: LOOK_MS, ms: COMPLETE_MS },
    );
    if (event !== undefined) this.#shows.event({ ...event, waveforms: await this.#summaries(eventId) });
  }

  async #summaries(eventId: number): Promise<WaveformSummary[]> {
    const boxEvents = await this.#store.boxEvents(eventId);
    return Promise.all(boxEvents.map((boxEvent) => summarizeWaveform(this.#store, boxEvent)));
  }
}
