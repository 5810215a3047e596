/**
 * The voltage of the generated grid as closed formulas of time, so that any cycle can be computed independently: phase (the integral of the frequency),
 * level, harmonics, transients. Over one loop the phase makes a whole number of turns, so the waveform is continuous from loop to loop.
 */
import { mix, Random } from './random.js';
import type { Harmonic, Scenario } from './scenario.js';
import { type Occurrence, scheduleOf } from './schedule.js';

interface Wave {
  amplitude: number;
  /** turns per loop, a whole number */
  turns: number;
  phase: number;
}

/** Periods (s) of the slow variations of voltage and frequency. */
const WANDER_PERIODS_S = [97, 41, 17];

/** The voltage of a scenario at one box, at any time of the loop. */
export class Waveshape {
  readonly occurrences: readonly Occurrence[];
  readonly #durationS: number;
  readonly #frequencyHz: number;
  readonly #voltageWander: Wave[];
  readonly #frequencyWander: Wave[];
  readonly #ramps: { startS: number; rampS: number; holdS: number; deltaHz: number }[];
  readonly #harmonics: readonly Harmonic[];

  /** @param seed seed of this box */
  constructor(scenario: Scenario, position: number, seed: number) {
    const { grid, duration_s } = scenario;
    const random = new Random(mix(seed, 0x57a4e));
    this.#durationS = duration_s;
    this.#harmonics = grid.harmonics;
    this.#voltageWander = waves(grid.noise.voltage_wander_percent / 100, duration_s, random);
    // the frequency is the same for every box of a grid
    this.#frequencyWander = waves(
      grid.noise.frequency_wander_hz,
      duration_s,
      new Random(mix(scenario.seed, 0xf)),
    );
    this.occurrences = scheduleOf(scenario, position);
    this.#ramps = this.occurrences.flatMap(({ event, startS }) =>
      event.type === 'frequency_ramp'
        ? [{ startS, rampS: event.ramp_s, holdS: event.hold_s, deltaHz: event.to_hz - grid.frequency_hz }]
        : [],
    );
    const turns = grid.frequency_hz * duration_s + this.#rampTurns(duration_s);
    this.#frequencyHz = grid.frequency_hz + (Math.round(turns) - turns) / duration_s;
  }

  /** Turns (periods of the fundamental) from the start of the loop to `t` seconds. */
  turns(t: number): number {
    let turns = this.#frequencyHz * t + this.#rampTurns(t);
    for (const wave of this.#frequencyWander) {
      const omega = (2 * Math.PI * wave.turns) / this.#durationS;
      turns += (wave.amplitude / omega) * (Math.cos(wave.phase) - Math.cos(omega * t + wave.phase));
    }
    return turns;
  }

  /** Voltage factor at `t`, events included; undefined while the input is dead. */
  level(t: number, active: readonly Occurrence[]): number | undefined {
    let level = 1;
    for (const { amplitude, turns, phase } of this.#voltageWander) {
      level += amplitude * Math.sin((2 * Math.PI * turns * t) / this.#durationS + phase);
    }
    for (const { event, startS, endS } of at(active, t)) {
      if (event.type === 'dead_input') return undefined;
      if (event.type === 'sag' || event.type === 'swell' || event.type === 'interruption') {
        level *= 1 + (event.to_pu - 1) * edge(t, startS, endS, event.edge_s);
      }
    }
    return level;
  }

  /** Phase jump at `t`, in turns. */
  phaseJump(t: number, active: readonly Occurrence[]): number {
    let jump = 0;
    for (const { event } of at(active, t)) {
      if ('phase_jump_deg' in event) jump += event.phase_jump_deg / 360;
    }
    return jump;
  }

  /** The harmonics at `t`. */
  harmonics(t: number, active: readonly Occurrence[]): readonly Harmonic[] {
    const added = [...at(active, t)].flatMap(({ event }) =>
      event.type === 'harmonics' ? event.harmonics : [],
    );
    return added.length === 0 ? this.#harmonics : [...this.#harmonics, ...added];
  }

  /** Contribution of transients at `t`, in units of the nominal peak. */
  transient(t: number, active: readonly Occurrence[]): number {
    let sum = 0;
    for (const { event, startS } of at(active, t)) {
      if (event.type !== 'transient') continue;
      const since = t - startS;
      sum +=
        event.peak_pu *
        Math.exp((-since * 1000) / event.decay_ms) *
        Math.cos(2 * Math.PI * event.frequency_hz * since);
    }
    return sum;
  }

  /** The events that overlap the time from `fromS` to `toS`: the argument `active` of the functions below. */
  activeIn(fromS: number, toS: number): readonly Occurrence[] {
    return this.occurrences.filter(({ startS, endS }) => startS < toS && endS > fromS);
  }

  /** Turns that the frequency ramps have added up to `t`: the area under their trapezoids. */
  #rampTurns(t: number): number {
    let turns = 0;
    for (const { startS, rampS, holdS, deltaHz } of this.#ramps) {
      const up = clamp(t - startS, rampS);
      const hold = clamp(t - startS - rampS, holdS);
      const down = clamp(t - startS - rampS - holdS, rampS);
      turns += deltaHz * ((up * up) / (2 * rampS) + hold + down - (down * down) / (2 * rampS));
    }
    return turns;
  }
}

/** The events that are active at `t`. */
function at(active: readonly Occurrence[], t: number): readonly Occurrence[] {
  return active.length === 0 ? active : active.filter(({ startS, endS }) => startS <= t && t < endS);
}

function waves(amplitude: number, durationS: number, random: Random): Wave[] {
  if (amplitude === 0) return [];
  return WANDER_PERIODS_S.map((period) => ({
    amplitude: amplitude / WANDER_PERIODS_S.length,
    turns: Math.max(1, Math.round(durationS / period)),
    phase: 2 * Math.PI * random.next(),
  }));
}

/** 1 inside, 0 outside, linear on the edges. */
function edge(t: number, startS: number, endS: number, edgeS: number): number {
  if (edgeS === 0) return 1;
  return Math.min(1, (t - startS) / edgeS, (endS - t) / edgeS);
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}
