/** Per-box configuration that plugins see: thresholds of `makai_config` and locations, as plain data for the worker threads. */
import type { BoxThresholds } from '../plugins/sdk/plugin.js';
import { UNKNOWN_LOCATION } from '../store/boxes.js';
import type { BoxDocument, MakaiConfigDocument } from '../store/store.js';

export interface SiteData {
  defaults: BoxThresholds | undefined;
  overrides: [boxId: number, thresholds: BoxThresholds][];
  locations: [boxId: number, location: string][];
}

export const EMPTY_SITE: SiteData = { defaults: undefined, overrides: [], locations: [] };

const PERCENT = 100;

/** `makai_config` holds percent, plugins see fractions; an override may lack the threshold of THD. */
export function toSiteData(config: MakaiConfigDocument | undefined, boxes: readonly BoxDocument[]): SiteData {
  // An empty location is none, as in the stores.
  const locations = boxes.flatMap(({ box_id, location }): [number, string][] =>
    location ? [[Number(box_id), location]] : [],
  );
  if (!config) return { defaults: undefined, overrides: [], locations };
  const t = config.triggering;
  const defaults: BoxThresholds = {
    refF: t.default_ref_f,
    refV: t.default_ref_v,
    fLow: t.default_threshold_percent_f_low / PERCENT,
    fHigh: t.default_threshold_percent_f_high / PERCENT,
    vLow: t.default_threshold_percent_v_low / PERCENT,
    vHigh: t.default_threshold_percent_v_high / PERCENT,
    thdHigh: t.default_threshold_percent_thd_high / PERCENT,
  };
  const overrides = t.triggering_overrides.map((o): [number, BoxThresholds] => [
    Number(o.box_id),
    {
      refF: o.ref_f,
      refV: o.ref_v,
      fLow: o.threshold_percent_f_low / PERCENT,
      fHigh: o.threshold_percent_f_high / PERCENT,
      vLow: o.threshold_percent_v_low / PERCENT,
      vHigh: o.threshold_percent_v_high / PERCENT,
      thdHigh: (o.threshold_percent_thd_high ?? t.default_threshold_percent_thd_high) / PERCENT,
    },
  ]);
  return { defaults, overrides, locations };
}

/** The lookups that plugins make. */
export class Site {
  #defaults: BoxThresholds | undefined;
  #overrides = new Map<number, BoxThresholds>();
  #locations = new Map<number, string>();

  constructor(data: SiteData = EMPTY_SITE) {
    this.update(data);
  }

  update(data: SiteData): void {
    this.#defaults = data.defaults;
    this.#overrides = new Map(data.overrides);
    this.#locations = new Map(data.locations);
  }

  thresholds(boxId: number): BoxThresholds | undefined {
    return this.#overrides.get(boxId) ?? this.#defaults;
  }

  location(boxId: number): string {
    return this.#locations.get(boxId) ?? UNKNOWN_LOCATION;
  }
}
