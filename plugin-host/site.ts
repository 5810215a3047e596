/** Per-box configuration that plugins see: thresholds of `makai_config`, references and locations, as plain data for the worker threads. */
import type { BoxInfo, BoxReference, BoxThresholds } from '../plugins/sdk/plugin.js';
import { UNKNOWN_LOCATION } from '../store/boxes.js';
import {
  DEFAULT_REFERENCE,
  NO_REFERENCES,
  type Reference,
  type ReferenceData,
  References,
  referenceData,
} from '../store/reference.js';
import type { BoxDocument, MakaiConfigDocument } from '../store/store.js';

export interface SiteData {
  defaults: BoxThresholds | undefined;
  overrides: [boxId: number, thresholds: BoxThresholds][];
  locations: [boxId: number, location: string][];
  /** counts per volt */
  calibrations: [boxId: number, constant: number][];
  /** ids that are meters of the gateway */
  meters: number[];
  /** nominal voltage and frequency where the store says nothing */
  reference: Reference;
  references: ReferenceData;
}

export const EMPTY_SITE: SiteData = {
  defaults: undefined,
  overrides: [],
  locations: [],
  calibrations: [],
  meters: [],
  reference: DEFAULT_REFERENCE,
  references: NO_REFERENCES,
};

const PERCENT = 100;

/** `makai_config` holds percent, plugins see fractions; an override may lack the threshold of THD. */
export function toSiteData(
  config: MakaiConfigDocument | undefined,
  boxes: readonly BoxDocument[],
  reference: Reference = DEFAULT_REFERENCE,
): SiteData {
  // An empty location is none, as in the stores.
  const locations = boxes.flatMap(({ box_id, location }): [number, string][] =>
    location ? [[Number(box_id), location]] : [],
  );
  const calibrations = boxes.map(({ box_id, calibration_constant }): [number, number] => [
    Number(box_id),
    calibration_constant,
  ]);
  const references = referenceData(config, boxes);
  const meters = boxes.flatMap(({ box_id, kind }) => (kind === 'meter' ? [Number(box_id)] : []));
  const common = { locations, calibrations, meters, reference, references };
  if (!config) return { defaults: undefined, overrides: [], ...common };
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
  return { defaults, overrides, ...common };
}

/** The lookups that plugins make. */
export class Site {
  #defaults: BoxThresholds | undefined;
  #overrides = new Map<number, BoxThresholds>();
  #locations = new Map<number, string>();
  #calibrations = new Map<number, number>();
  #meters: ReadonlySet<number> = new Set();
  #references = new References();
  #boxes: readonly BoxInfo[] = [];

  constructor(data: SiteData = EMPTY_SITE) {
    this.update(data);
  }

  update(data: SiteData): void {
    this.#defaults = data.defaults;
    this.#overrides = new Map(data.overrides);
    this.#locations = new Map(data.locations);
    this.#calibrations = new Map(data.calibrations);
    this.#meters = new Set(data.meters);
    this.#references = new References(data.reference, data.references);
    const ids = [...this.#calibrations.keys()].sort((a, b) => a - b);
    this.#boxes = Object.freeze(ids.map((boxId) => Object.freeze(this.box(boxId))));
  }

  thresholds(boxId: number): BoxThresholds | undefined {
    const thresholds = this.#overrides.get(boxId) ?? this.#defaults;
    if (thresholds === undefined) return undefined;
    const { frequency, voltage } = this.#references.of(boxId);
    return { ...thresholds, refF: frequency, refV: voltage };
  }

  reference(boxId: number): BoxReference {
    return this.#references.of(boxId);
  }

  /** Defaults for a box that is not recorded. */
  box(boxId: number): BoxInfo {
    const { frequency, voltage } = this.#references.of(boxId);
    return {
      boxId,
      location: this.location(boxId),
      nominalVoltage: voltage,
      nominalFrequency: frequency,
      calibration: this.#calibrations.get(boxId) ?? 1,
      ...(this.#meters.has(boxId) ? { kind: 'meter' } : {}),
    };
  }

  /** Whether it is no box, but a meter of the gateway. */
  isMeter(boxId: number): boolean {
    return this.#meters.has(boxId);
  }

  /** All that are recorded, by id: the same list until the next update. */
  boxes(): readonly BoxInfo[] {
    return this.#boxes;
  }

  location(boxId: number): string {
    return this.#locations.get(boxId) ?? UNKNOWN_LOCATION;
  }
}

/** The first box past an id. @param boxes by id */
export function boxAfter(boxes: readonly BoxInfo[], boxId: number): BoxInfo | undefined {
  let [from, to] = [0, boxes.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((boxes[middle]?.boxId ?? 0) > boxId) to = middle;
    else from = middle + 1;
  }
  return boxes[from];
}
