/**
 * Storage method INCREMENT: sections of values that rise by one step, as pairs of count and step. The standard (IEEE 1159.3, tagSeriesValues) does not
 * say which of two steps leads from one section to the next. The working group's own library adds a section's step after each of its values, so
 * the step that leads on is that of the section before; so do other readers. A time base of ours counts a step to the sample that it leads to
 * (`secondsOf`). Between the two, sections differ by one at both ends.
 */
import type { RateSection } from '../recording.js';

export interface Increment {
  /** values in it, a whole number, 0 or more */
  count: number;
  step: number;
}

/** @returns the values: the first is 0, each further one is a step of the section of the value before it after that value */
export function unfold(sections: readonly Increment[]): Float64Array {
  const values = new Float64Array(sections.reduce((sum, { count }) => sum + count, 0));
  let at = 0;
  let from = 0;
  for (const { count, step } of sections) {
    for (let i = 0; i < count; i += 1) values[at + i] = from + i * step;
    at += count;
    from += count * step;
  }
  return values;
}

/** Sections of a file as those of a time base: the first has one sample more, the last one less. */
export function asTimeBase(sections: readonly RateSection[]): RateSection[] {
  return shifted(sections, 1);
}

/** Sections of a time base as those of a file. */
export function asIncrements(sections: readonly RateSection[]): RateSection[] {
  return shifted(sections, -1);
}

function shifted(sections: readonly RateSection[], by: 1 | -1): RateSection[] {
  const present = sections.filter(({ count }) => count > 0).map((section) => ({ ...section }));
  const [first, last] = [present[0], present.at(-1)];
  if (first !== undefined) first.count += by;
  if (last !== undefined) last.count -= by;
  return present.filter(({ count }) => count > 0);
}
