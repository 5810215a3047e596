/** outage: a box that falls silent, and whether its neighbours did too. See README.md. */
import { z } from 'zod';
import type { EventRequest, MeasurementColumns, Plugin, PluginContext } from '../sdk/plugin.js';

export const settingsSchema = z
  .object({
    silence_ms: z.number().int().min(1000).default(10_000),
    decide_ms: z.number().int().min(0).default(5000),
  })
  .strict();

/** Bit of `flags` (plugins/sdk/plugin.ts). */
const INTERRUPTION = 4;

interface Box {
  /** our clock */
  heardMs: number;
  /** the box's clock */
  latestMs: number;
  /** its last measurement was flagged as an interruption: the voltage went before the box did */
  interrupted: boolean;
  reported: boolean;
}

export default class OutagePlugin implements Plugin {
  readonly name = 'outage';
  readonly #boxes = new Map<number, Box>();
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
    const silent = (box: Box): boolean => nowMs - box.heardMs >= silence_ms;
    for (const boxId of this.#boxes.keys()) if (this.#isMeter(boxId)) this.#boxes.delete(boxId);
    const due = [...this.#boxes].filter(
      ([, box]) => !box.reported && nowMs - box.heardMs >= silence_ms + decide_ms,
    );
    if (due.length === 0) return undefined;
    const location = (boxId: number): string => this.#context?.location(boxId) ?? 'unknown';
    const locations = new Set([...this.#boxes.keys()].map(location));
    if (locations.size > 1 && [...this.#boxes.values()].every(silent)) {
      const everyone = [...this.#boxes];
      return [
        this.#report(everyone, `all ${this.#boxes.size} boxes silent: our network or broker, or the grid`),
      ];
    }
    const requests: EventRequest[] = [];
    for (const place of new Set(due.map(([boxId]) => location(boxId)))) {
      const here = due.filter(([boxId]) => location(boxId) === place);
      const neighbours = [...this.#boxes].filter(([boxId]) => location(boxId) === place);
      const names = here.map(([boxId]) => boxId).join(', ');
      const many = here.length > 1 ? 'boxes' : 'box';
      if (place === 'unknown' || neighbours.length === 1) {
        requests.push(this.#report(here, `${many} ${names} silent: no neighbours to compare with`));
      } else if (neighbours.every(([, box]) => silent(box))) {
        requests.push(
          this.#report(here, `outage at ${place}: all ${neighbours.length} boxes silent (${names})`),
        );
      } else {
        const heard = neighbours.filter(([, box]) => !silent(box)).length;
        requests.push(this.#report(here, `${many} ${names} unplugged: ${heard} of ${place} still heard`));
      }
    }
    return requests;
  }

  /** A meter sends when it likes: the gateway says when one is silent. */
  #isMeter(boxId: number): boolean {
    return this.#context?.boxes.get(boxId).kind === 'meter';
  }

  #report(boxes: [number, Box][], what: string): EventRequest {
    for (const [, box] of boxes) box.reported = true;
    const startMs = Math.min(...boxes.map(([, box]) => box.latestMs));
    const endMs = Math.max(...boxes.map(([, box]) => box.latestMs)) + 1000;
    const boxIds = boxes.map(([boxId]) => boxId);
    const gone = boxes.filter(([, box]) => box.interrupted).length;
    const all = gone === 0 ? what : `${what}; the voltage was gone before, on ${gone} of ${boxes.length}`;
    this.#context?.log.warn(all);
    return {
      startMs,
      endMs,
      boxIds,
      triggerType: 'OTHER',
      percentMagnitude: 100,
      description: `outage: ${all}`.slice(0, 1000),
      requestData: false,
    };
  }
}
