/** One box, looked at every ten seconds: what its numbers mean, and which findings begin and end by it. */

import type { BoxFinding, BoxFindingCode, FindingChange } from '../../common/box-findings.js';
import { FIRST_OTHER_ID } from '../../common/box-id.js';
import { clockOffset } from '../../common/clock-offset.js';
import { clockStep, MIN_SAMPLES } from './clock-level.js';
import { Conditions, EVALUATE_MS } from './conditions.js';
import type { BoxMeasures } from './measures.js';
import { type BoxStream, shareOf, signed } from './record.js';
import { countSeries } from './two-series.js';
import { isSame, UsualRate } from './usual-rate.js';

/** Beyond this a waveform that is asked for by our clock is another one than the measurement that it is asked for, ms. */
export const OFFSET_LIMIT_MS = 2000;
const STANDING_MS = 10_000;
const STANDING_TIMES = 5;
/** A box not heard for so long is silent: nothing of it holds. */
const SILENT_MS = 60_000;
const FEW = 0.8;
const MANY = 1.25;
const SHARE_MS = 5 * 60_000;
const NOISY_SHARE = 0.2;
/** A share of fewer measurements says nothing. */
const MIN_MEASUREMENTS = 30;

/** The distance over so many measurements shows the rate of a clock of whole seconds. */
const TICKS = 12;

interface Counts {
  atMs: number;
  measurements: number;
  invalid: number;
  flagged: number;
  jumps: number;
}

export class BoxEvaluation {
  readonly boxId: number;
  readonly conditions = new Conditions();
  readonly #measures: BoxMeasures;
  readonly #slot: number;
  readonly #rate = new UsualRate();
  #offset: { medianMs: number; spreadMs: number } | undefined;
  #samples = 0;
  #steps = 0;
  #lastStep: { ms: number; atMs: number } | undefined;
  #minute: { atMs: number; measurements: number; perSecond: number | undefined };
  /** at the beginning of the present five minutes, and of those before */
  #counts: Counts;
  #countsBefore: Counts | undefined;
  #times = 0;

  constructor(boxId: number, slot: number, measures: BoxMeasures, nowMs: number) {
    this.boxId = boxId;
    this.#slot = slot;
    this.#measures = measures;
    this.#minute = { atMs: nowMs, measurements: 0, perSecond: undefined };
    this.#counts = { atMs: nowMs, measurements: 0, invalid: 0, flagged: 0, jumps: 0 };
  }

  /** @param unplugged what the box's record says */
  evaluate(nowMs: number, unplugged: boolean): FindingChange[] {
    const isHeard = nowMs - this.#of('heardMs') < SILENT_MS;
    const changes: FindingChange[] = [];
    const set = (code: BoxFindingCode, holds: boolean, info: () => string): void => {
      const change = this.conditions.set(code, holds && isHeard ? info : undefined, nowMs);
      if (change !== undefined) changes.push({ boxId: this.boxId, ...change });
    };
    this.#count(nowMs);
    // A meter sends when it likes, with the time that the gateway received it; the gateway says when it is silent.
    if (unplugged && this.boxId >= FIRST_OTHER_ID) return changes;
    const standingMs = this.#standingMs(nowMs);
    const step = this.#lookAtClock(nowMs);
    const isTwice = this.#lookAtTimes(standingMs > 0, step !== undefined, nowMs);
    const { medianMs = 0, spreadMs = 0 } = this.#offset ?? {};
    const { share, usualMs = 0 } = this.#rate;
    const noise = this.#noise();
    const twice = this.conditions.has('ID_IN_USE_TWICE') || isTwice;
    set('ID_IN_USE_TWICE', isTwice, () => 'two time series interleave under this id');
    set('CLOCK_STOPPED', standingMs > 0, () => `its time has been the same for ${seconds(standingMs)} s`);
    const isOff = Math.abs(medianMs) > OFFSET_LIMIT_MS && !twice;
    set('CLOCK_OFFSET', isOff, () => offsetText(medianMs, spreadMs));
    set(
      'CLOCK_STEPPED',
      step !== undefined && !twice,
      () => `its clock was set by ${signed((step ?? 0) / 1000)} s`,
    );
    const isUnusual = share !== undefined && (share < FEW || share > MANY) && !twice;
    set('RATE', isUnusual, () => rateText(share ?? 0, usualMs));
    set('NOISY_INPUT', noise !== undefined, () => noise ?? '');
    set('UNPLUGGED_BUT_SENDING', unplugged, () => 'its record says that it is unplugged');
    set('DEFAULT_ID', this.boxId === 0, () => 'it sends as box 0');
    return changes;
  }

  /** The clock of this machine was set: offsets taken before mean nothing. */
  ownClockSet(): void {
    this.#measures.keepOffsets(this.#slot, 0);
    this.#samples = 0;
    this.#offset = undefined;
  }

  stream(nowMs: number, unplugged: boolean): BoxStream {
    const { share, usualMs } = this.#rate;
    const measures = this.#measures.counts(this.#slot);
    const recent = this.#recent();
    return {
      heard_ms: measures.heardMs,
      measurements: measures.measurements,
      ...(this.#minute.perSecond === undefined ? {} : { per_second: this.#minute.perSecond }),
      ...(usualMs === undefined ? {} : { usual_per_second: 1000 / usualMs }),
      ...(share === undefined ? {} : { received_share: share }),
      ...(this.#offset === undefined
        ? {}
        : { clock_offset_ms: this.#offset.medianMs, clock_spread_ms: this.#offset.spreadMs }),
      clock_steps: this.#steps,
      ...(this.#lastStep === undefined
        ? {}
        : { last_step_ms: this.#lastStep.ms, last_step_at_ms: this.#lastStep.atMs }),
      standing_ms: this.#standingMs(nowMs),
      repeated_times: measures.repeated,
      repeated_measurements: measures.duplicates,
      withheld: measures.withheld,
      dropped: {
        time_in_the_future: measures.time_in_the_future,
        time_too_old: measures.time_too_old,
        too_many_measurements: measures.too_many_measurements,
      },
      invalid_share: shareOf(recent.invalid, recent.measurements),
      flagged_share: shareOf(recent.flagged, recent.measurements),
      jump_share: shareOf(recent.jumps, recent.measurements),
      unplugged,
    };
  }

  get findings(): BoxFinding[] {
    return this.conditions.findings;
  }

  #of(measure: Parameters<BoxMeasures['get']>[1]): number {
    return this.#measures.get(this.#slot, measure);
  }

  /** How long the box's time has been the same while measurements came; 0: it moves. */
  #standingMs(nowMs: number): number {
    const heardMs = this.#of('heardMs');
    const sameMs = heardMs - this.#of('changedMs');
    const isStanding = sameMs >= STANDING_MS && this.#of('sameTime') >= STANDING_TIMES;
    return isStanding && nowMs - heardMs < STANDING_MS ? sameMs : 0;
  }

  /** @returns by how much the box's clock was set since the last look, ms */
  #lookAtClock(nowMs: number): number | undefined {
    const taken = this.#of('samples');
    if (taken === this.#samples || taken < MIN_SAMPLES) return undefined;
    this.#samples = taken;
    const samples = this.#measures.offsets(this.#slot);
    const step = clockStep(samples);
    if (step === undefined) {
      this.#offset = clockOffset(samples);
      return undefined;
    }
    this.#measures.keepOffsets(this.#slot, MIN_SAMPLES);
    this.#samples = this.#of('samples');
    this.#offset = clockOffset(this.#measures.offsets(this.#slot));
    this.#steps += 1;
    this.#lastStep = { ms: step, atMs: nowMs };
    return step;
  }

  /** @returns whether the last times are those of two devices */
  #lookAtTimes(isStanding: boolean, wasSet: boolean, nowMs: number): boolean {
    const count = this.#of('times');
    const hasNew = count !== this.#times;
    this.#times = count;
    if (!hasNew) return false;
    const times = this.#measures.times(this.#slot);
    const series = countSeries(times, this.#rate.usualMs);
    if (series === 'two' || isStanding || wasSet) this.#rate.reset();
    else {
      if (series === 'one') this.#rate.distance(usualDistance(times, this.#rate.usualMs), nowMs);
      this.#rate.count(this.#of('lastTimeMs'), count);
    }
    return series === 'two';
  }

  #count(nowMs: number): void {
    const measurements = this.#of('measurements');
    const minuteMs = nowMs - this.#minute.atMs;
    if (minuteMs >= 60_000 - EVALUATE_MS / 2) {
      const perSecond = (1000 * (measurements - this.#minute.measurements)) / minuteMs;
      this.#minute = { atMs: nowMs, measurements, perSecond };
    }
    if (nowMs - this.#counts.atMs < SHARE_MS) return;
    this.#countsBefore = this.#counts;
    this.#counts = { atMs: nowMs, ...this.#totals() };
  }

  /** Counts of the last five to ten minutes. */
  #recent(): Omit<Counts, 'atMs'> {
    const { measurements, invalid, flagged, jumps } = this.#countsBefore ?? this.#counts;
    const totals = this.#totals();
    return {
      measurements: totals.measurements - measurements,
      invalid: totals.invalid - invalid,
      flagged: totals.flagged - flagged,
      jumps: totals.jumps - jumps,
    };
  }

  #totals(): Omit<Counts, 'atMs'> {
    return {
      measurements: this.#of('measurements'),
      invalid: this.#of('invalid'),
      flagged: this.#of('flagged'),
      jumps: this.#of('jumps'),
    };
  }

  /** What is wrong with the values of the last five to ten minutes. */
  #noise(): string | undefined {
    const { measurements, invalid, jumps } = this.#recent();
    if (this.#countsBefore === undefined || measurements < MIN_MEASUREMENTS) return undefined;
    const worst = Math.max(invalid, jumps);
    if (worst < NOISY_SHARE * measurements) return undefined;
    const share = `${Math.round(100 * shareOf(worst, measurements))} %`;
    return worst === invalid
      ? `${share} of its measurements have an invalid value`
      : `its frequency jumps by more than 1 Hz in ${share} of its measurements`;
  }
}

/** Of two measures the shorter: one is not misled by lost measurements, the other not by a clock that ticks seldom. */
function usualDistance(times: Float64Array, usualMs: number | undefined): number {
  if (usualMs !== undefined && isUsual(times, usualMs)) return usualMs;
  return Math.min(medianDistance(times, 1), medianDistance(times, TICKS));
}

/** Whether most distances are as usual, so that no median need be looked for. */
function isUsual(times: Float64Array, usualMs: number): boolean {
  let usual = 0;
  for (let i = 1; i < times.length; i += 1)
    if (isSame((times[i] ?? 0) - (times[i - 1] ?? 0), usualMs)) usual += 1;
  return usual > times.length / 2;
}

function medianDistance(times: Float64Array, apart: number): number {
  const distances = times.subarray(apart).map((time, i) => (time - (times[i] ?? 0)) / apart);
  const rising = distances.filter((distance) => distance > 0).sort();
  return rising.length < MIN_SAMPLES ? Number.NaN : (rising[rising.length >> 1] ?? Number.NaN);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function offsetText(medianMs: number, spreadMs: number): string {
  const side = medianMs > 0 ? 'ahead of' : 'behind';
  return `its clock is ${seconds(Math.abs(medianMs))} s ${side} ours (spread ${seconds(spreadMs)} s)`;
}

function rateText(share: number, usualMs: number): string {
  const usual = (1000 / usualMs).toPrecision(3);
  return `${Math.round(100 * share)} % of the usual ${usual} measurements per second arrive`;
}
