/** Values of a series instance: as they stand, scaled, as increments, or those of another channel. */
import type { Budget } from '../budget.js';
import type { Moment } from '../moment.js';
import type { RateSection, SampleArray, TimeBase } from '../recording.js';
import type { SeriesDefinition } from './definitions.js';
import { type Collection, placeIn, type VectorElement } from './elements.js';
import { STORAGE, UNITS } from './ids.js';
import { asTimeBase, type Increment, unfold } from './increments.js';
import { bytesOfNumber, numberAt, numbersAt, SIZES } from './physical.js';
import { momentOf } from './times.js';

/** A series instance and its definition; both those of the owner where values are shared. */
export interface Series {
  instance: Collection;
  definition: SeriesDefinition;
}

export interface Numbers {
  samples: SampleArray;
  scale: number;
  offset: number;
}

/** Times of a whole file's samples lie within this, seconds: 1000 years. */
const MAX_SECONDS = 3.2e10;

function vectorOf({ instance }: Series): VectorElement {
  const vector = instance.vector('tagSeriesValues');
  if (vector === undefined) throw instance.error('the series has no values');
  return vector;
}

function scaling({ instance, definition }: Series): { scale: number; offset: number } {
  const scale = instance.real('tagSeriesScale') ?? 1;
  const offset = instance.real('tagSeriesOffset') ?? 0;
  if ((definition.storage & STORAGE.SCALED) !== 0) return { scale, offset };
  // An offset is where increments begin, whether they are said to be scaled or not.
  if ((definition.storage & STORAGE.INCREMENT) !== 0 && scale === 1) return { scale, offset };
  if (scale !== 1 || offset !== 0) {
    instance.warn(
      'scale',
      `scale ${scale} and offset ${offset} stand at values that are said not to be scaled; they are not applied`,
    );
  }
  return { scale: 1, offset: 0 };
}

/**
 * The values of a series of numbers.
 * @returns undefined for series of complex numbers, texts and the like
 * @throws MakaiError when there are more than the budget has left
 */
export function numbersOf(series: Series, budget: Budget): Numbers | undefined {
  const { instance, definition } = series;
  const vector = vectorOf(series);
  const size = bytesOfNumber(vector.type);
  if (size === undefined) return undefined;
  const place = placeIn(instance.body, vector.at);
  if ((definition.storage & STORAGE.INCREMENT) !== 0) {
    const sections = increments(series, budget);
    const count = sections.reduce((sum, section) => sum + section.count, 0);
    budget.take(8 * count, place);
    return { samples: unfold(sections), ...scaling(series) };
  }
  budget.take(size * vector.count, place);
  const samples = numbersAt(instance.body.bytes, vector.valueAt, vector.count, vector.type);
  return samples === undefined ? undefined : { samples, ...scaling(series) };
}

interface ReadIncrement extends Increment {
  /** the step is a REAL4 */
  single: boolean;
}

/** Storage method INCREMENT: how many sections, then count and step of each. */
function increments(series: Series, budget: Budget): ReadIncrement[] {
  const { instance } = series;
  const vector = vectorOf(series);
  const at = (index: number): number => {
    const { bytes } = instance.body;
    const value =
      index < vector.count
        ? numberAt(bytes, vector.valueAt + index * SIZES[vector.type], vector.type)
        : undefined;
    if (value !== undefined && Number.isFinite(value)) return value;
    throw instance.error(
      `increments: value ${index} of ${vector.count} is ${value ?? 'missing or no number'}`,
    );
  };
  const sections = at(0);
  if (!Number.isInteger(sections) || sections < 0 || 1 + 2 * sections > vector.count) {
    throw instance.error(`increments: ${sections} sections in ${vector.count} values`);
  }
  budget.take(32 * sections, placeIn(instance.body, vector.at));
  return Array.from({ length: sections }, (_, i) => {
    const count = at(1 + 2 * i);
    if (!Number.isInteger(count) || count < 0 || count > 2 ** 31) {
      throw instance.error(`increments: section ${i + 1} has ${count} values`);
    }
    return { count, step: at(2 + 2 * i), single: vector.type === 'REAL4' };
  });
}

export interface TimeContext {
  start: Moment | undefined;
  nominalFrequencyHz: number | undefined;
  budget: Budget;
}

/**
 * A time series as a time base.
 * @returns undefined when its unit cannot be turned into seconds (cycles of an unknown frequency); a text says why
 * @throws MakaiError for times that are no times: a step of 0 or less, 1000 years
 */
export function timeBase(series: Series, context: TimeContext): TimeBase | string {
  const { instance, definition } = series;
  const vector = vectorOf(series);
  if (vector.type === 'TIMESTAMPPQDIF') return timestamps(instance, vector, context);
  const factor = secondsOfUnit(definition.units, context.nominalFrequencyHz);
  if (typeof factor === 'string') return factor;
  if ((definition.storage & STORAGE.INCREMENT) !== 0) return rates(series, factor, context.budget);
  const numbers = numbersOf(series, context.budget);
  if (numbers === undefined) return `its times are of type ${vector.type}`;
  context.budget.take(8 * numbers.samples.length, placeIn(instance.body, vector.at));
  const seconds = Float64Array.from(
    numbers.samples,
    (raw) => (raw * numbers.scale + numbers.offset) * factor,
  );
  const wrong = seconds.findIndex((value) => !(Math.abs(value) <= MAX_SECONDS));
  if (wrong !== -1) throw instance.error(`time ${wrong} of the series is ${seconds[wrong]} s`);
  return { kind: 'timestamps', seconds };
}

function secondsOfUnit(units: number, nominalFrequencyHz: number | undefined): number | string {
  if (units === UNITS.SECONDS) return 1;
  if (units === UNITS.CYCLES) {
    if (nominalFrequencyHz !== undefined) return 1 / nominalFrequencyHz;
    return 'its times are in cycles, and the file does not say the nominal frequency';
  }
  return `its times have unit ${units}, which is none of time`;
}

function rates(series: Series, factor: number, budget: Budget): TimeBase {
  const { scale, offset } = scaling(series);
  const sections = increments(series, budget).map(({ count, step, single }): RateSection => {
    const seconds = step * scale * factor;
    if (!(seconds > 0 && seconds <= MAX_SECONDS && count * seconds <= MAX_SECONDS && seconds >= 1e-12)) {
      throw series.instance.error(`times rise by ${seconds} s ${count} times`);
    }
    return { count, rateHz: rateOf(seconds, single && scale === 1 && factor === 1) };
  });
  const startS = offset * factor;
  if (!(Math.abs(startS) <= MAX_SECONDS)) throw series.instance.error(`times begin at ${startS} s`);
  return { kind: 'rates', startS, sections: asTimeBase(sections) };
}

/**
 * A step that is what 1/15,360 rounds to means 15,360 Hz, not the 15,359.9992 Hz that it would be otherwise.
 * @param single the step has four bytes
 */
function rateOf(seconds: number, single: boolean): number {
  const whole = Math.round(1 / seconds);
  const rounded = single ? Math.fround(1 / whole) : 1 / whole;
  return whole > 0 && rounded === seconds ? whole : 1 / seconds;
}

function timestamps(
  instance: Collection,
  vector: VectorElement,
  { start, budget }: TimeContext,
): TimeBase | string {
  if (start === undefined) return 'its times are absolute, and the observation has no start';
  budget.take(8 * vector.count, placeIn(instance.body, vector.at));
  const { bytes } = instance.body;
  const seconds = new Float64Array(vector.count);
  for (let i = 0; i < vector.count; i += 1) {
    const at = vector.valueAt + 12 * i;
    const moment = momentOf({ day: bytes.readUInt32LE(at), seconds: bytes.readDoubleLE(at + 4) });
    if (moment === undefined) throw instance.error(`timestamp ${i} of the series is no time`);
    seconds[i] = Number(moment.unixNs - start.unixNs) / 1e9;
  }
  return { kind: 'timestamps', seconds };
}
