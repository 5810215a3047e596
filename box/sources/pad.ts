/** Pads a recording with undisturbed voltage: its own first and last whole cycles, repeated. */
import { type CycleSource, checkIndex } from './source.js';

/**
 * @param before how many times the first cycle comes before the recording
 * @param after how many times the last whole cycle comes after it
 */
export function padded(source: CycleSource, before: number, after: number): CycleSource {
  if (before === 0 && after === 0) return source;
  const cycles = before + source.cycles + after;
  return {
    description: `${source.description}, padded by ${before} and ${after} cycles`,
    cycles,
    calibrationConstant: source.calibrationConstant,
    cycle(index) {
      checkIndex(index, cycles);
      return source.cycle(Math.min(source.cycles - 1, Math.max(0, index - before)));
    },
  };
}
