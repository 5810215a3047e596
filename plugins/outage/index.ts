/** outage: a box that falls silent, and whether its neighbours did too. See README.md. */
import { z } from 'zod';
import type {
  EventRequest,
  MeasurementColumns,
  Plugin,
  PluginContext,
  SecondSummary,
  SilentBox,
} from '../sdk/plugin.js';

export const settingsSchema = z
  .object({
    silence_ms: z.number().int().min(1000).default(10_000),
    decide_ms: z.number().int().min(0).default(5000),
  })
  .strict();

/** Bit of `flags` (plugins/sdk/plugin.ts). */
const INTERRUPTION = 4;

const UNKNOWN = 'unknown';
/** A summary lists boxes that are silent for this long, ms. */
const SUMMARY_SILENT_MS = 3000;
/** In summaries: how long a silence may wait to be reported, and how long it waits for the rest of the boxes, ms. */
const LATE_MS = 60_000;
const PATIENCE_MS = 30_000;

/** Boxes of one location. */
interface Place {
  boxes: number;
  silent: number;
}

/** A box that is silent. */
interface SilentBoxOf {
  boxId: number;
  location: string;
  /** the box's clock */
  latestMs: number;
  interrupted: boolean;
}

interface Box {
  /** our clock */
  heardMs: number;
  /** the box's clock */
  latestMs: number;
  /** its last measurement was flagged as an interruption: the voltage went before the box did */
  interrupted: boolean;
  reported: boolean;
}

const isWhole = (place: Place | undefined): boolean => place !== undefined && place.silent >= place.boxes;

export default class OutagePlugin implements Plugin {
  readonly name = 'outage';
  readonly #boxes = new Map<number, Box>();
  /** in summaries: when the silence of boxes was reported */
  readonly #reported = new Map<number, number>();
  #settings = settingsSchema.parse({});
  #context: PluginContext | undefined;

  onLoad(settings: Record<string, unknown>, context: PluginContext): void {
    const { path: _path, ...own } = settings;
    const result = settingsSchema.safeParse(own);
    if (!result.success)
      throw new Error(
        result.error.issues.map((i) => `${i.path.join('.') || 'settings'}: ${i.message}`).join('; '),
      );
    this.#settings = result.data;
    this.#context = context;
  }

  processBatch(columns: MeasurementColumns): undefined {
    const now = this.#context?.now() ?? Date.now();
    for (let i = 0; i < columns.count; i++) {
      const boxId = columns.boxId[i] ?? 0;
      const latestMs = columns.timestampMs[i] ?? 0;
      const interrupted = ((columns.flags[i] ?? 0) & INTERRUPTION) !== 0;
      const box = this.#boxes.get(boxId);
      if (box === undefined) {
        this.#boxes.set(boxId, { heardMs: now, latestMs, interrupted, reported: false });
        continue;
      }
      if (box.reported)
        this.#context?.log.info(`box ${boxId} is back after ${Math.round((now - box.heardMs) / 1000)} s`);
      box.heardMs = now;
      box.latestMs = latestMs;
      box.interrupted = interrupted;
      box.reported = false;
    }
  }

  onTick(nowMs: number): EventRequest[] | undefined {
    const { silence_ms, decide_ms } = this.#settings;
    const isSilent = (box: Box): boolean => nowMs - box.heardMs >= silence_ms;
    for (const boxId of this.#boxes.keys()) if (this.#isMeter(boxId)) this.#boxes.delete(boxId);
    const boxes = [...this.#boxes].map(([boxId, box]) => ({
      ...{ boxId, box, latestMs: box.latestMs, interrupted: box.interrupted },
      location: this.#context?.location(boxId) ?? UNKNOWN,
    }));
    const due = boxes.filter(({ box }) => !box.reported && nowMs - box.heardMs >= silence_ms + decide_ms);
    if (due.length === 0) return undefined;
    const places = new Map<string, Place>();
    for (const { box, location } of boxes) {
      const place = places.get(location) ?? { boxes: 0, silent: 0 };
      places.set(location, place);
      place.boxes += 1;
      if (isSilent(box)) place.silent += 1;
    }
    const { reported, requests } = this.#judge(due, boxes, places);
    for (const { boxId } of reported) {
      const box = this.#boxes.get(boxId);
      if (box !== undefined) box.reported = true;
    }
    return requests;
  }

  /** Where several services divide the boxes: who is silent is in the summary, so nothing is remembered but what was reported. */
  processSummary({ endMs, locations, missing, silent }: SecondSummary): EventRequest[] | undefined {
    const { silence_ms, decide_ms } = this.#settings;
    const dueMs = Math.max(silence_ms + decide_ms, SUMMARY_SILENT_MS);
    for (const [boxId, reportedMs] of this.#reported)
      if (endMs - reportedMs > dueMs + 2 * LATE_MS) this.#reported.delete(boxId);
    // One that was not heard since it was reported is the same silence, whoever says since when.
    const isNew = ({ boxId, heardMs }: SilentBox): boolean => (this.#reported.get(boxId) ?? 0) < heardMs;
    // What is far older was reported by the service that was elected then.
    const isDue = (box: SilentBox): boolean =>
      endMs - box.heardMs >= dueMs && endMs - box.heardMs < dueMs + LATE_MS && isNew(box);
    const due = silent.filter(isDue);
    if (due.length === 0) return undefined;
    // While nothing is known of a part of the boxes, the rest would look like all of them.
    const oldestMs = Math.max(...due.map(({ heardMs }) => endMs - heardMs));
    if (missing > 0 && oldestMs < dueMs + PATIENCE_MS) return undefined;
    const places = new Map<string, Place>();
    for (const { location, boxes, silent: count } of locations) {
      const place = places.get(location) ?? { boxes: 0, silent: 0 };
      places.set(location, { boxes: place.boxes + boxes, silent: place.silent + count });
    }
    // The count has those that are silent for a moment only, too; they are first in the list.
    const isLasting = ({ heardMs }: SilentBox): boolean => endMs - heardMs >= silence_ms;
    for (const box of silent) {
      const place = places.get(box.location);
      if (place !== undefined && !isLasting(box)) place.silent -= 1;
    }
    for (const [location, { boxes }] of places) if (boxes === 0) places.delete(location);
    const asBox = ({ timestampMs, ...box }: SilentBox): SilentBoxOf => ({ ...box, latestMs: timestampMs });
    const fresh = silent.filter((box) => isLasting(box) && isNew(box));
    // Of a location that is silent as a whole all are reported together: they are seldom heard last in the same second.
    const whole = new Set(due.map(({ location }) => location).filter((name) => isWhole(places.get(name))));
    const together = fresh.filter((box) => isDue(box) || whole.has(box.location));
    const { reported, requests } = this.#judge(together.map(asBox), fresh.map(asBox), places);
    for (const { boxId } of reported) this.#reported.set(boxId, endMs);
    return requests;
  }

  /**
   * What the silence of boxes means.
   * @param due those to be reported
   * @param everyone all that are silent
   * @param places how many boxes each location has, and how many of them are silent
   */
  #judge<T extends SilentBoxOf>(
    due: readonly T[],
    everyone: readonly T[],
    places: ReadonlyMap<string, Place>,
  ): { requests: EventRequest[]; reported: readonly T[] } {
    const count = [...places.values()].reduce((sum, place) => sum + place.boxes, 0);
    if (places.size > 1 && [...places.values()].every(isWhole)) {
      const what = `all ${count} boxes silent: our network or broker, or the grid`;
      return { requests: [this.#report(everyone, what)], reported: everyone };
    }
    const requests: EventRequest[] = [];
    for (const place of new Set(due.map(({ location }) => location))) {
      const here = due.filter(({ location }) => location === place);
      const { boxes, silent } = places.get(place) ?? { boxes: 0, silent: 0 };
      const names = here.map(({ boxId }) => boxId).join(', ');
      const many = here.length > 1 ? 'boxes' : 'box';
      if (place === UNKNOWN || boxes <= 1) {
        requests.push(this.#report(here, `${many} ${names} silent: no neighbours to compare with`));
      } else if (isWhole(places.get(place))) {
        requests.push(this.#report(here, `outage at ${place}: all ${boxes} boxes silent (${names})`));
      } else {
        const heard = boxes - silent;
        requests.push(this.#report(here, `${many} ${names} unplugged: ${heard} of ${place} still heard`));
      }
    }
    return { requests, reported: due };
  }

  /** A meter sends when it likes: the gateway says when one is silent. */
  #isMeter(boxId: number): boolean {
    return this.#context?.boxes.get(boxId).kind === 'meter';
  }

  #report(boxes: readonly SilentBoxOf[], what: string): EventRequest {
    const startMs = Math.min(...boxes.map(({ latestMs }) => latestMs));
    const endMs = Math.max(...boxes.map(({ latestMs }) => latestMs)) + 1000;
    const gone = boxes.filter(({ interrupted }) => interrupted).length;
    const all = gone === 0 ? what : `${what}; the voltage was gone before, on ${gone} of ${boxes.length}`;
    this.#context?.log.warn(all);
    return {
      startMs,
      endMs,
      boxIds: boxes.map(({ boxId }) => boxId),
      triggerType: 'OTHER',
      percentMagnitude: 100,
      description: `outage: ${all}`.slice(0, 1000),
      requestData: false,
    };
  }
}
