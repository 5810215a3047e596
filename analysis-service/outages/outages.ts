/**
 * Outages from silence: a recorded box that is not unplugged and has sent nothing for a minute. One incident a box, without an event, which goes on until the box is heard again.
 * While the triggering broker is not connected, and for a minute after, nothing can be said: that is our own fault, and no outage. So it is after this process stood still: what came
 * meanwhile is not read yet.
 */
import { type Clock, pause } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { IncidentIds } from '../../daemon/incident-ids.js';
import {
  ANALYSIS_SOURCE,
  GOES_ON,
  incidentLocation,
  NO_EVENT,
  newIncidentOf,
} from '../../store/incidents.js';
import type { BoxDocument, IncidentDocument, NewIncident, Store } from '../../store/store.js';
import type { KnownBoxes } from '../waveforms/references.js';
import { SILENT_MS, type Silence, silences, type Watched } from './silence.js';

export interface OutagesOptions {
  store: Store;
  boxes: KnownBoxes;
  ids: IncidentIds;
  /** of the stream */
  heard: { readonly connectedMs: number | undefined; of(boxId: string): number | undefined };
  /** false: this service must write nothing any more. Left out: it always may */
  mayWrite?: () => boolean;
  clock: Clock;
  log: Logger;
  /** called when an outage, or its end, is durable */
  onChanged(incident: IncidentDocument): void;
}

interface OpenOutage {
  incident: NewIncident;
  /** false: the store has not confirmed it yet. The same is sent again, with the same start: so it is one, also after a lost reply */
  isStored: boolean;
}

const LOOK_MS = 5_000;
/** A pause between two looks that takes longer by this: the process stood still. */
const STOOD_STILL_MS = 5_000;

export class Outages implements Running {
  readonly #options: OutagesOptions;
  readonly #stopping = new AbortController();
  /** outages that go on, by box */
  readonly #open = new Map<string, OpenOutage>();
  /** Unix ms of the newest stored measurement, for boxes that were not heard since the start */
  #newest = new Map<string, number>();
  #loop: Promise<void> = Promise.resolve();
  #recovered = false;
  /** monotonic ms: since when this process has not stood still */
  #awakeMs = Number.NEGATIVE_INFINITY;

  constructor(options: OutagesOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#open.size;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const startMs = clock.monotonic();
      await pause(clock, LOOK_MS, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      if (clock.monotonic() - startMs > LOOK_MS + STOOD_STILL_MS) this.#awakeMs = clock.monotonic();
      try {
        if (!this.#recovered) await this.#recover();
        await this.look();
      } catch (error) {
        log.debug({ err: error, code: codeOf(error) }, 'outages are looked for later');
      }
    }
  }

  /**
   * Outages that went on when the service stopped. Of several of one box the last one does: the others ended before it.
   * Kept only when all has been read and written: a second try begins from nothing, or it would take each outage for a second one of its box.
   */
  async #recover(): Promise<void> {
    const { store } = this.#options;
    const open = new Map<string, OpenOutage>();
    const query = { eventId: NO_EVENT, classification: 'OUTAGE', goesOn: true, descending: true };
    const extra: OpenOutage[] = [];
    for await (const document of store.incidents(query)) {
      if (document.source !== ANALYSIS_SOURCE) continue;
      const incident = newIncidentOf(document);
      const last = open.get(document.box_id);
      if (last === undefined) open.set(document.box_id, { incident, isStored: true });
      else extra.push({ incident: endedAt(incident, last.incident.start_timestamp_ms), isStored: true });
    }
    for (const outage of extra) await this.#write(outage);
    this.#newest = new Map((await store.newestByBox()).map((one) => [one.boxId, one.measurementMs]));
    for (const [boxId, outage] of open) this.#open.set(boxId, outage);
    this.#recovered = true;
  }

  /** Begins and ends outages. @throws MakaiError what the store says; what is left is done with the next look */
  async look(): Promise<void> {
    const { boxes, clock, heard } = this.#options;
    const nowMs = clock.monotonic();
    // Silence counts from here on.
    const sinceMs = heard.connectedMs === undefined ? undefined : Math.max(heard.connectedMs, this.#awakeMs);
    const recorded = await boxes.all();
    for (const [boxId, outage] of this.#open) {
      const box = recorded.find((one) => one.box_id === boxId);
      const lastMs = heard.of(boxId);
      if (lastMs !== undefined && nowMs - lastMs < SILENT_MS)
        await this.#end(boxId, clock.now() - (nowMs - lastMs));
      else if (box === undefined || box.unplugged) await this.#end(boxId, clock.now());
      else if (!outage.isStored) await this.#write(outage);
    }
    if (sinceMs === undefined || nowMs - sinceMs < SILENT_MS) return;
    const watched = recorded.flatMap((box) => this.#watched(box, sinceMs));
    for (const silence of silences(watched, nowMs, await boxes.regions())) {
      if (this.#open.has(silence.boxId)) continue;
      const box = recorded.find((one) => one.box_id === silence.boxId);
      if (box !== undefined) await this.#begin(box, silence, nowMs);
    }
  }

  /** A box that nobody has ever heard has no outage. */
  #watched(box: BoxDocument, sinceMs: number): Watched[] {
    if (box.unplugged || box.kind !== undefined) return [];
    const heardMs = this.#options.heard.of(box.box_id);
    if (heardMs === undefined && !this.#newest.has(box.box_id)) return [];
    const location = box.location === undefined || box.location === '' ? undefined : box.location;
    return [{ boxId: box.box_id, location, heardMs: Math.max(heardMs ?? sinceMs, sinceMs) }];
  }

  async #begin(box: BoxDocument, silence: Silence, nowMs: number): Promise<void> {
    const { clock, heard, log } = this.#options;
    const { boxId, neighbours, region, scope, silentNeighbours } = silence;
    const lastMs = heard.of(boxId);
    const startMs = lastMs === undefined ? this.#newest.get(boxId) : clock.now() - (nowMs - lastMs);
    if (startMs === undefined) return;
    const incident: NewIncident = {
      event_id: NO_EVENT,
      box_id: boxId,
      start_timestamp_ms: Math.round(startMs),
      end_timestamp_ms: GOES_ON,
      location: incidentLocation(box),
      measurement_type: 'HEALTH',
      deviation_from_nominal: 0,
      measurements: [],
      classifications: ['OUTAGE'],
      ieee_duration: 'UNDEFINED',
      metadata: {
        method: 'silence',
        scope,
        ...(region === undefined ? {} : { region }),
        neighbours,
        silent_neighbours: silentNeighbours,
        ...(scope === 'region'
          ? { note: `or the network between ${region === undefined ? 'all' : 'its'} boxes and the broker` }
          : {}),
        ...(lastMs === undefined ? { start_uncertain: true } : {}),
      },
      source: ANALYSIS_SOURCE,
    };
    const outage: OpenOutage = { incident, isStored: false };
    this.#open.set(boxId, outage);
    log.warn({ box_id: boxId, scope }, 'outage: the box is silent');
    await this.#write(outage);
  }

  async #end(boxId: string, endMs: number): Promise<void> {
    const outage = this.#open.get(boxId);
    if (outage === undefined) return;
    await this.#write({ ...outage, incident: endedAt(outage.incident, endMs) });
    this.#open.delete(boxId);
    this.#options.log.info({ box_id: boxId }, 'the outage is over');
  }

  async #write(outage: OpenOutage): Promise<void> {
    const { ids, onChanged, store } = this.#options;
    const samples = new Int16Array();
    if (!outage.isStored && outage.incident.incident_id === undefined) {
      const [numbered] = await ids.number([{ incident: outage.incident, samples }]);
      if (numbered !== undefined) outage.incident = numbered.incident;
    }
    if (this.#options.mayWrite?.() === false) throw new Error('another service looks after outages now');
    await store.apply({ kind: 'incident', incident: outage.incident, samples });
    outage.isStored = true;
    const { box_id: boxId, start_timestamp_ms: fromMs } = outage.incident;
    const query = { boxId, fromMs, toMs: fromMs + 1, classification: 'OUTAGE' };
    for await (const stored of store.incidents(query)) onChanged(stored);
  }
}

function endedAt(incident: NewIncident, endMs: number): NewIncident {
  return { ...incident, end_timestamp_ms: Math.max(incident.start_timestamp_ms, Math.round(endMs)) };
}
