/**
 * Nominal voltage and frequency of each box, its reference: what flags, plugins and findings judge by. This is the one place that decides which
 * source wins; the sources, the strongest first, are listed in `referenceData`, and the triggering service's settings are behind them.
 */
import type { BoxDocument, MakaiConfigDocument } from './documents.js';

export interface Reference {
  /** V RMS */
  voltage: number;
  /** Hz */
  frequency: number;
}

/** Where a value comes from: the box's record (`makai boxes set`), its override in `makai_config`, the default there, or the daemon's settings. */
export type ReferenceSource = 'box' | 'override' | 'makai_config' | 'settings';

export interface BoxReference extends Reference {
  /** of the voltage */
  voltageFrom: ReferenceSource;
  /** of the frequency */
  frequencyFrom: ReferenceSource;
}

/** What the store says, as plain data that can be sent to another thread. */
export interface ReferenceData {
  /** the strongest first; without boxes: for every box */
  sources: { from: ReferenceSource; every?: Partial<Reference>; boxes?: [number, Partial<Reference>][] }[];
}

export const NO_REFERENCES: ReferenceData = { sources: [] };

/** What stands in the settings where they say nothing: North America. */
export const DEFAULT_REFERENCE: Reference = { voltage: 120, frequency: 60 };

/**
 * The reference in the settings of a plugin: files of existing services have it nowhere else. `threshold` names it; that of `napali` is the middle of
 * its limits.
 * @param settings a plugin's, not checked
 */
export function referenceIn(settings: Readonly<Record<string, unknown>>): Reference {
  const of = (name: string): number | undefined => {
    const value = settings[name];
    return typeof value === 'number' && isPossible(value) ? value : undefined;
  };
  const middle = (low: number | undefined, high: number | undefined): number | undefined =>
    low === undefined || high === undefined ? undefined : (low + high) / 2;
  return {
    voltage: of('reference_voltage') ?? middle(of('rms_min'), of('rms_max')) ?? DEFAULT_REFERENCE.voltage,
    frequency: of('reference_frequency') ?? middle(of('f_min'), of('f_max')) ?? DEFAULT_REFERENCE.frequency,
  };
}

/** A document that people edit may hold anything. */
const isPossible = (value: number): boolean => Number.isFinite(value) && value > 0;

export function referenceData(
  config: MakaiConfigDocument | undefined,
  boxes: readonly BoxDocument[] = [],
): ReferenceData {
  const recorded = boxes.flatMap(({ box_id, nominal_voltage, nominal_frequency }) => {
    if (nominal_voltage === undefined && nominal_frequency === undefined) return [];
    return [[Number(box_id), { voltage: nominal_voltage, frequency: nominal_frequency }] as const];
  });
  const own: ReferenceData['sources'] =
    recorded.length === 0
      ? []
      : [{ from: 'box', boxes: recorded.map(([id, values]) => [id, given(values)]) }];
  if (config === undefined) return own.length === 0 ? NO_REFERENCES : { sources: own };
  const { default_ref_f, default_ref_v, triggering_overrides } = config.triggering;
  return {
    sources: [
      ...own,
      {
        from: 'override',
        boxes: triggering_overrides.map(({ box_id, ref_f, ref_v }) => [
          Number(box_id),
          { voltage: ref_v, frequency: ref_f },
        ]),
      },
      { from: 'makai_config', every: { voltage: default_ref_v, frequency: default_ref_f } },
    ],
  };
}

/** Without what is not there. */
function given({ voltage, frequency }: { voltage: number | undefined; frequency: number | undefined }) {
  return { ...(voltage === undefined ? {} : { voltage }), ...(frequency === undefined ? {} : { frequency }) };
}

/** The reference of each box. */
export class References {
  readonly #settings: Reference;
  #sources: { from: ReferenceSource; every: Partial<Reference>; boxes: Map<number, Partial<Reference>> }[] =
    [];
  #version = 0;

  /** @param settings what holds where the store says nothing */
  constructor(settings: Reference = DEFAULT_REFERENCE, data: ReferenceData = NO_REFERENCES) {
    this.#settings = settings;
    this.update(data);
  }

  /** Rises with each update: whoever keeps what it has looked up looks again when it has changed. */
  get version(): number {
    return this.#version;
  }

  update({ sources }: ReferenceData): void {
    this.#sources = sources.map(({ from, every = {}, boxes = [] }) => ({
      from,
      every,
      boxes: new Map(boxes),
    }));
    this.#version += 1;
  }

  /** @param recorded in place of what the box's record says now: what it said at another time (`calibrationAt`) */
  of(boxId: number, recorded?: Partial<Reference>): BoxReference {
    const [voltage, voltageFrom] = this.#find(boxId, 'voltage', recorded);
    const [frequency, frequencyFrom] = this.#find(boxId, 'frequency', recorded);
    return { voltage, frequency, voltageFrom, frequencyFrom };
  }

  #find(
    boxId: number,
    quantity: keyof Reference,
    recorded: Partial<Reference> | undefined,
  ): [number, ReferenceSource] {
    const given = recorded?.[quantity];
    if (given !== undefined && isPossible(given)) return [given, 'box'];
    for (const { boxes, every, from } of this.#sources) {
      if (from === 'box' && recorded !== undefined) continue;
      const value = boxes.get(boxId)?.[quantity] ?? every[quantity];
      if (value !== undefined && isPossible(value)) return [value, from];
    }
    return [this.#settings[quantity], 'settings'];
  }
}

/** True where the nominal frequency is 50 Hz: the THD that a box streams is not reliable there (docs/box-measurements.md). */
export const isAt50Hz = (nominalFrequency: number): boolean => Math.abs(nominalFrequency - 50) < 5;
