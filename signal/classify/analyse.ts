/** A waveform in, incident candidates out. */
import { windowCycles, windowRms } from '../levels/half-cycle.js';
import type { Samples } from '../samples.js';
import { Scratch } from '../scratch.js';
import { totalDistortion } from '../spectrum/groups.js';
import type { Span } from '../voltage-events/edges.js';
import { distortionIncidents, THD_LIMIT } from './distortion.js';
import { FREQUENCY_LIMITS, type FrequencyLimits, frequencyIncidents } from './frequency.js';
import { badOptions, type Stretch, stretchesOf, type WaveformOptions } from './input.js';
import { joinCandidates } from './join.js';
import { notchingIncidents } from './notching.js';
import { clipped, notMains, rangeOf, wrongCalibration } from './plausible.js';
import { rapidIncidents } from './rapid.js';
import { measureRun, type RunMeasures } from './run-measures.js';
import { transientIncidents } from './transient.js';
import type { IncidentCandidate, Remark } from './types.js';
import { judgeVoltage } from './voltage.js';
import { joinFacts, type VoltageFacts, voltageFacts } from './voltage-facts.js';

export interface AnalyseOptions extends WaveformOptions {
  frequencyLimits?: FrequencyLimits;
  /** percent */
  thdLimit?: number;
}

/** Values of the whole waveform, NaN where they could not be had. */
export interface WaveformSummary {
  /** of 10/12 cycles, unit of the voltage */
  rmsMin: number;
  rmsMax: number;
  /** Urms(1/2) */
  halfCycleMin: number;
  halfCycleMax: number;
  /** Hz over the whole of the longest stretch */
  frequency: number;
  /** percent, of 10/12-cycle windows */
  thdMax: number;
}

export interface WaveformAnalysis {
  /** in order of time */
  incidents: IncidentCandidate[];
  /** why something was not judged, or should be read with care */
  remarks: Remark[];
  summary: WaveformSummary;
}

/** A gap longer than this ends a disturbance that touches it: nothing says that it went on, ms. */
const JOIN_MS = 3000;

/** Of one analysis at a time: nothing of it is in what is returned. */
const scratch = new Scratch();

/**
 * Analyses one voltage waveform of one box. Never throws for what is in the waveform: what cannot be judged is a remark.
 * @param samples counts (with `calibration`) or volts
 */
export function analyseWaveform(samples: Samples, options: AnalyseOptions): WaveformAnalysis {
  scratch.reset();
  const remarks: Remark[] = [];
  const nothing = (remark: Remark): WaveformAnalysis => ({
    incidents: [],
    remarks: [...remarks, remark],
    summary: summaryOf([]),
  });
  const bad = badOptions(options);
  if (bad !== undefined) return nothing(bad);
  if (samples.length === 0) return nothing({ code: 'EMPTY', text: 'not judged: the waveform is empty' });
  const stretches = stretchesOf(samples, options, remarks, scratch.take);
  const { calibration } = options;
  let inVolts = calibration !== undefined && Number.isFinite(calibration) && calibration > 0;
  if (!inVolts) {
    const text = `the calibration constant is ${calibration ?? 'not known'}: voltage and transients were not judged`;
    remarks.push({ code: 'NO_CALIBRATION', text });
  }
  const runs: RunMeasures[] = [];
  for (const stretch of stretches) {
    const run = measured(stretch, options, inVolts, remarks);
    if (run === undefined) continue;
    const wrong = inVolts ? wrongCalibration(run.urms, options.nominalVoltage) : undefined;
    if (wrong !== undefined) {
      inVolts = false;
      remarks.push(wrong);
    }
    runs.push(run);
  }
  if (runs.length > 0 && runs.every(({ differences }) => differences === undefined) && inVolts) {
    if (runs.some(({ track }) => track !== undefined)) {
      const text = `${options.rate} samples a second are too few to look for transients`;
      remarks.push({ code: 'RATE_TOO_LOW', text });
    }
  }
  const incidents = incidentsOf(runs, options, inVolts);
  return { incidents, remarks: distinct(remarks), summary: summaryOf(runs) };
}

function measured(
  { x, startMs }: Stretch,
  options: AnalyseOptions,
  inVolts: boolean,
  remarks: Remark[],
): RunMeasures | undefined {
  const { rate, nominalFrequency, nominalVoltage } = options;
  const { low, high } = rangeOf(x);
  const dead = inVolts ? 0.1 * nominalVoltage : 0;
  if (low === high) {
    const text = `the samples are constant (${high}): the input is dead or the converter stands still`;
    remarks.push({ code: 'CONSTANT', text });
    // zero volts for as long as it was looked at is an interruption; any other constant is a fault of the box
    if (!inVolts || Math.abs(high) > dead) return undefined;
  }
  const run = measureRun({
    x,
    rate,
    startMs,
    nominalFrequency,
    nominalVoltage: inVolts ? nominalVoltage : undefined,
    take: scratch.take,
  });
  const other = notMains(run, dead);
  if (other !== undefined) {
    remarks.push(other);
    return undefined;
  }
  const flat = clipped(x, { low, high }, rate, nominalFrequency);
  if (flat !== undefined && low !== high) remarks.push(flat);
  return run;
}

function incidentsOf(
  runs: readonly RunMeasures[],
  options: AnalyseOptions,
  inVolts: boolean,
): IncidentCandidate[] {
  const { nominalVoltage, frequencyLimits = FREQUENCY_LIMITS, thdLimit = THD_LIMIT } = options;
  const found: IncidentCandidate[] = [];
  let facts: VoltageFacts[] = [];
  for (const run of runs) {
    const located = inVolts ? voltageFacts(run, nominalVoltage) : [];
    const spans = located.map(({ span }) => span);
    facts = addFacts(
      facts,
      located.map((event) => event.facts),
    );
    let disturbed = around(run, spans);
    if (inVolts) {
      const notching = notchingIncidents(run, nominalVoltage, disturbed);
      const transients = transientIncidents(run, nominalVoltage, spans, notching.spans);
      found.push(...notching.incidents, ...transients, ...rapidIncidents(run, nominalVoltage, spans));
      // the edges of notches are no reason to doubt the distortion that they make
      if (notching.spans.length === 0) disturbed = [...disturbed, ...around(run, run.transients)];
    }
    found.push(...frequencyIncidents(run, frequencyLimits), ...distortionIncidents(run, disturbed, thdLimit));
  }
  const joined = joinCandidates(found, JOIN_MS, options.nominalFrequency);
  return [...facts.map((event) => judgeVoltage(event, options)), ...joined].sort(
    (a, b) => a.startMs - b.startMs,
  );
}

/** A cycle more on each side: so far the filters see. */
function around({ rate, nominalFrequency }: RunMeasures, spans: readonly Span[]): Span[] {
  const cycle = rate / nominalFrequency;
  return spans.map(({ from, to }) => ({ from: from - cycle, to: to + cycle }));
}

/** Joins a sag or swell that is not over at the end of one stretch with the one that is there at the start of the next. */
function addFacts(before: readonly VoltageFacts[], next: readonly VoltageFacts[]): VoltageFacts[] {
  const last = before.at(-1);
  const [first, ...rest] = next;
  const joins =
    last !== undefined &&
    first !== undefined &&
    last.openEnd &&
    first.openStart &&
    last.kind === first.kind &&
    first.startMs - last.endMs <= JOIN_MS;
  return joins ? [...before.slice(0, -1), joinFacts(last, first), ...rest] : [...before, ...next];
}

function distinct(remarks: readonly Remark[]): Remark[] {
  const seen = new Set<string>();
  return remarks.filter(({ code, text }) => {
    const key = `${code} ${text}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function summaryOf(runs: readonly RunMeasures[]): WaveformSummary {
  const rms = noRange();
  const halfCycle = noRange();
  let thdMax = Number.NaN;
  let frequency = Number.NaN;
  let longest = 0;
  for (const run of runs) {
    widen(rms, windowRms(run.sums, run.crossings, windowCycles(run.nominalFrequency)));
    widen(halfCycle, run.urms);
    for (const { orders } of run.harmonics) {
      const thd = 100 * totalDistortion(orders);
      if (thd > thdMax || Number.isNaN(thdMax)) thdMax = thd;
    }
    if (run.track !== undefined && run.x.length > longest) {
      longest = run.x.length;
      frequency = wholeCycles(run);
    }
  }
  return {
    rmsMin: rms[0] ?? Number.NaN,
    rmsMax: rms[1] ?? Number.NaN,
    halfCycleMin: halfCycle[0] ?? Number.NaN,
    halfCycleMax: halfCycle[1] ?? Number.NaN,
    frequency,
    thdMax,
  };
}

/** The lowest and the highest value. Kept in an array, as in `rangeOf`. */
const noRange = (): Float64Array => Float64Array.of(Number.NaN, Number.NaN);

function widen(range: Float64Array, values: Float64Array): void {
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    if (Number.isNaN(value)) continue;
    if (!(value >= (range[0] ?? 0))) range[0] = value;
    if (!(value <= (range[1] ?? 0))) range[1] = value;
  }
}

function wholeCycles({ crossings: { at }, rate }: RunMeasures): number {
  const cycles = (at.length - 1) / 2;
  return (cycles * rate) / ((at[at.length - 1] ?? 0) - (at[0] ?? 0));
}
