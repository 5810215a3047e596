/**
 * What turns counts into volts, and what volts are judged by, dated: a waveform keeps the values that held when it was taken, whatever is set later.
 * They stand in its box event; a box event of another program, or of an older version, has none, and those of the box's record at its time hold.
 */
import type { BoxDocument, BoxEventDocument, Calibration } from './documents.js';
import type { Reference } from './reference.js';

/** In the record of a box of which nobody knows it: counts are then taken for volts. */
const NOT_KNOWN = 1;

interface Period extends Calibration {
  startMs: number;
}

/**
 * The values of a record that held at a time. Before the first of them the first hold: what is known first is true of the past too.
 * @param box undefined: a box without a record
 */
export function calibrationAt(box: BoxDocument | undefined, atMs: number): Calibration {
  if (box === undefined) return {};
  if (box.calibration_archive === undefined) return known(box.calibration_constant, box);
  const past = box.calibration_archive.map(({ calibration_start_time_ms, ...values }): Period => {
    return { ...values, startMs: calibration_start_time_ms };
  });
  const { calibration_constant, calibration_start_time_ms: startMs = 0 } = box;
  const now: Period = { calibration_constant, ...nominalsOf(box), startMs };
  const { calibration_constant: constant, ...rest } =
    [...past, now].filter((period) => period.startMs <= atMs).at(-1) ?? past[0] ?? now;
  return known(
    [constant, calibration_constant].find((one) => one !== undefined && one !== NOT_KNOWN),
    rest,
  );
}

function known(constant: number | undefined, nominals: Calibration): Calibration {
  const isKnown = constant !== undefined && constant !== NOT_KNOWN;
  return { ...(isKnown ? { calibration_constant: constant } : {}), ...nominalsOf(nominals) };
}

/** What a waveform is judged by, as far as it or the record of its box says so. */
export function calibrationOf(
  boxEvent: Pick<BoxEventDocument, 'event_start_timestamp_ms' | keyof Calibration>,
  box: BoxDocument | undefined,
): Calibration {
  const { calibration_constant } = boxEvent;
  const recorded = calibrationAt(box, boxEvent.event_start_timestamp_ms);
  return {
    ...recorded,
    ...(calibration_constant === undefined ? {} : { calibration_constant }),
    ...nominalsOf(boxEvent),
  };
}

/** Counts per volt of a waveform; 1 where nobody knows it. */
export function countsPerVolt(
  boxEvent: Pick<BoxEventDocument, 'event_start_timestamp_ms' | keyof Calibration>,
  box: BoxDocument | undefined,
): number {
  const own = boxEvent.calibration_constant;
  const constant = own ?? calibrationAt(box, boxEvent.event_start_timestamp_ms).calibration_constant;
  return constant || NOT_KNOWN;
}

/** Nominal values as `References.of` takes them. */
export function referencePart({ nominal_frequency, nominal_voltage }: Calibration): Partial<Reference> {
  return {
    ...(nominal_voltage === undefined ? {} : { voltage: nominal_voltage }),
    ...(nominal_frequency === undefined ? {} : { frequency: nominal_frequency }),
  };
}

/**
 * The record as it is to be stored: where the location, the calibration constant or a nominal value changed, since when, and what was before in the archive.
 * Every change of a person goes through here. A constant that was not known before (1) was never another: it holds for the past too.
 * @param before undefined: a new box
 */
export function datedRecord(before: BoxDocument | undefined, after: BoxDocument, nowMs: number): BoxDocument {
  return { ...after, ...movedFields(before, after, nowMs), ...calibratedFields(before, after, nowMs) };
}

function movedFields(
  before: BoxDocument | undefined,
  after: BoxDocument,
  nowMs: number,
): Partial<BoxDocument> {
  if (after.location === undefined || after.location === before?.location) return {};
  const past = {
    location: before?.location ?? '',
    location_start_time_ms: before?.location_start_time_ms ?? 0,
  };
  return {
    location_start_time_ms: nowMs,
    location_archive: [...(before?.location_archive ?? []), ...(past.location === '' ? [] : [past])],
  };
}

function calibratedFields(
  before: BoxDocument | undefined,
  after: BoxDocument,
  nowMs: number,
): Partial<BoxDocument> {
  if (before === undefined) return {};
  const [old, present] = [nominalsOf(before), nominalsOf(after)];
  const isSame =
    old.nominal_voltage === present.nominal_voltage && old.nominal_frequency === present.nominal_frequency;
  const { calibration_constant } = before;
  const wasUnknown =
    calibration_constant === NOT_KNOWN || calibration_constant === after.calibration_constant;
  if (isSame && wasUnknown) return {};
  const past = {
    calibration_constant,
    ...old,
    calibration_start_time_ms: before.calibration_start_time_ms ?? 0,
  };
  return {
    calibration_start_time_ms: nowMs,
    calibration_archive: [...(before.calibration_archive ?? []), past],
  };
}

function nominalsOf({ nominal_frequency, nominal_voltage }: Calibration): Calibration {
  return {
    ...(nominal_voltage === undefined ? {} : { nominal_voltage }),
    ...(nominal_frequency === undefined ? {} : { nominal_frequency }),
  };
}
