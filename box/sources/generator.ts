/** The generated grid: a scenario as one box sees it, rendered on demand. */
import { RecentMap } from '../../common/recent-map.js';
import { mix, Random } from './random.js';
import type { Scenario } from './scenario.js';
import { CYCLES_PER_SECOND, type CycleSource, checkIndex, SAMPLE_RATE, SAMPLES_PER_CYCLE } from './source.js';
import { Waveshape } from './waveshape.js';

/** Cycles per rendered piece, and how many pieces are kept: 2 minutes, 2.9 MB. */
const PIECE_CYCLES = 60;
const PIECES_KEPT = 120;

class GeneratorSource implements CycleSource {
  readonly description: string;
  readonly cycles: number;
  readonly calibrationConstant: number;
  readonly #shape: Waveshape;
  readonly #scenario: Scenario;
  readonly #seed: number;
  /** RMS of the nominal voltage, in counts */
  readonly #nominal: number;
  /** pieces by number, in the order of their last use */
  readonly #pieces = new RecentMap<number, Int16Array>(PIECES_KEPT);

  constructor(scenario: Scenario, position: number, seed: number) {
    const own = scenario.boxes.find((box) => box.position === position);
    this.description = `scenario ${scenario.name}, position ${position}`;
    this.cycles = Math.round(scenario.duration_s * CYCLES_PER_SECOND);
    this.calibrationConstant = own?.calibration_constant ?? scenario.grid.calibration_constant;
    this.#nominal = (own?.voltage_v ?? scenario.grid.voltage_v) * this.calibrationConstant;
    this.#scenario = scenario;
    this.#seed = seed;
    this.#shape = new Waveshape(scenario, position, seed);
  }

  cycle(index: number): Int16Array {
    checkIndex(index, this.cycles);
    const piece = this.#piece(Math.floor(index / PIECE_CYCLES));
    const at = (index % PIECE_CYCLES) * SAMPLES_PER_CYCLE;
    return piece.subarray(at, at + SAMPLES_PER_CYCLE);
  }

  #piece(number: number): Int16Array {
    return this.#pieces.use(number, () => this.#renderPiece(number));
  }

  #renderPiece(number: number): Int16Array {
    const cycles = Math.min(PIECE_CYCLES, this.cycles - number * PIECE_CYCLES);
    const piece = new Int16Array(cycles * SAMPLES_PER_CYCLE);
    for (let i = 0; i < cycles; i += 1) {
      this.#render(
        number * PIECE_CYCLES + i,
        piece.subarray(i * SAMPLES_PER_CYCLE, (i + 1) * SAMPLES_PER_CYCLE),
      );
    }
    return piece;
  }

  #render(index: number, into: Int16Array): void {
    const { noise } = this.#scenario.grid;
    const random = new Random(mix(this.#seed, index));
    const peak = this.#nominal * Math.SQRT2;
    const white = (this.#nominal * noise.white_percent) / 100;
    const offset = noise.offset_v * this.calibrationConstant;
    const active = this.#shape.activeIn(index / CYCLES_PER_SECOND, (index + 1) / CYCLES_PER_SECOND);
    for (let i = 0; i < SAMPLES_PER_CYCLE; i += 1) {
      const t = (index * SAMPLES_PER_CYCLE + i) / SAMPLE_RATE;
      const level = this.#shape.level(t, active);
      // a dead input is exactly zero, without noise, so a Box 2 sends infinity and NaN
      if (level === undefined) continue;
      const angle = 2 * Math.PI * ((this.#shape.turns(t) + this.#shape.phaseJump(t, active)) % 1);
      let value = Math.sin(angle);
      for (const { order, percent, phase_deg } of this.#shape.harmonics(t, active)) {
        if (order * 60 >= SAMPLE_RATE / 2) continue;
        value += (percent / 100) * Math.sin(order * angle + (phase_deg * Math.PI) / 180);
      }
      const count =
        peak * (level * value + this.#shape.transient(t, active)) + white * random.gaussian() + offset;
      into[i] = Math.max(-32_768, Math.min(32_767, Math.round(count)));
    }
  }
}

/** Number of different seeds among the boxes of one scenario. More boxes share waveforms, so that a large fleet costs little. */
const SEEDS = 16;

/**
 * The source of the box at `position` (from 1 on), shared among boxes that see the same waveform.
 * @returns a function that returns the same object for the same waveform
 */
export function scenarioSources(scenario: Scenario): (position: number) => CycleSource {
  const known = new Map<string, CycleSource>();
  return (position) => {
    const seed = mix(scenario.seed, 1 + ((position - 1) % SEEDS));
    const own = scenario.boxes.find((box) => box.position === position);
    const seen = scenario.events.map(({ boxes }) => boxes?.includes(position) ?? true);
    const key = JSON.stringify([seed, own, seen]);
    let source = known.get(key);
    if (source === undefined) {
      source = new GeneratorSource(scenario, position, seed);
      known.set(key, source);
    }
    return source;
  };
}

/** The source of one box of a scenario. */
export function scenarioSource(scenario: Scenario, position = 1): CycleSource {
  return scenarioSources(scenario)(position);
}
