/**
 * One disturbance that is seen at many boxes is one event: what a plugin asks of several boxes, of one type and for overlapping windows, goes on as one request for all of them. The first
 * waits so long for the others; what is urgent does not wait.
 */
import type { Clock } from '../../common/clock.js';
import { RecentMap } from '../../common/recent-map.js';
import { MAX_DESCRIPTION } from '../../plugin-host/limits.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';

export interface RequestMergerOptions {
  /** how long the first request waits for others, ms; 0: nothing waits */
  mergeMs: number;
  clock: Clock;
  /** called with each request that goes on */
  send: (request: EventRequest) => void;
}

/** Requests that wait together. */
interface Group {
  readonly key: string;
  readonly parts: EventRequest[];
  startMs: number;
  endMs: number;
  cancel: () => void;
}

/** Groups that wait at a time: beyond it nothing waits, so that a plugin that asks for all kinds of windows costs no search. */
const MOST_GROUPS = 200;
/** Deviations whose windows go on, each of one box, remembered for their family. */
const MOST_FAMILIES = 50_000;

export class RequestMerger {
  readonly #options: RequestMergerOptions;
  readonly #groups = new Set<Group>();
  /** by plugin, type, box and start of a deviation: `familyStartMs` of the request that its first window went into */
  readonly #families = new RecentMap<string, number>(MOST_FAMILIES);
  /** requests that went on as a part of another one */
  merged = 0;

  constructor(options: RequestMergerOptions) {
    this.#options = options;
  }

  add(request: EventRequest, pluginId: string): void {
    const { clock, mergeMs, send } = this.#options;
    const { endMs, requestData, startMs, triggerType, urgent = false } = request;
    if (mergeMs === 0 || urgent) {
      send(request);
      return;
    }
    const key = `${pluginId} ${triggerType} ${requestData}`;
    const part = this.#inFamily(request, key);
    const group = [...this.#groups].find(
      (one) => one.key === key && one.startMs < endMs && startMs < one.endMs,
    );
    if (group !== undefined) {
      group.parts.push(part);
      group.startMs = Math.min(group.startMs, startMs);
      group.endMs = Math.max(group.endMs, endMs);
    } else if (this.#groups.size >= MOST_GROUPS) send(part);
    else {
      const opened: Group = { key, parts: [part], startMs, endMs, cancel: () => undefined };
      opened.cancel = clock.after(mergeMs, () => this.#close(opened));
      this.#groups.add(opened);
    }
  }

  /** What waits goes on now. */
  flush(): void {
    for (const group of [...this.#groups]) this.#close(group);
  }

  #close(group: Group): void {
    const { mergeMs, send } = this.#options;
    group.cancel();
    this.#groups.delete(group);
    const request = mergedOf(group, mergeMs);
    const { familyStartMs } = request;
    if (group.parts.length > 1 && familyStartMs !== undefined) {
      for (const part of group.parts)
        for (const key of familyKeys(part, group.key)) this.#families.set(key, familyStartMs);
    }
    this.merged += group.parts.length - 1;
    send(request);
  }

  /** Later windows of a deviation belong to the event that its first one went into. */
  #inFamily(request: EventRequest, key: string): EventRequest {
    const familyStartMs = familyKeys(request, key)
      .map((one) => this.#families.get(one))
      .find((known) => known !== undefined);
    return familyStartMs === undefined ? request : { ...request, familyStartMs };
  }
}

function familyKeys({ boxIds, familyStartMs }: EventRequest, key: string): string[] {
  return familyStartMs === undefined ? [] : boxIds.map((boxId) => `${key} ${boxId} ${familyStartMs}`);
}

/** All boxes, the window that holds all windows, and the words of the largest deviation. */
function mergedOf({ endMs, parts, startMs }: Group, mergeMs: number): EventRequest {
  const worst = parts.reduce((a, b) => (b.percentMagnitude > a.percentMagnitude ? b : a));
  if (parts.length === 1) return worst;
  const boxIds = [...new Set(parts.flatMap((part) => part.boxIds))];
  const families = parts.flatMap(({ familyStartMs }) => (familyStartMs === undefined ? [] : familyStartMs));
  const note =
    boxIds.length === 1 ? '' : ` (the largest of ${boxIds.length} boxes, found within ${mergeMs} ms)`;
  return {
    ...worst,
    ...{ startMs, endMs, boxIds, description: `${worst.description.slice(0, MAX_DESCRIPTION)}${note}` },
    ...(families.length === 0 ? {} : { familyStartMs: families.reduce((a, b) => Math.min(a, b)) }),
  };
}
