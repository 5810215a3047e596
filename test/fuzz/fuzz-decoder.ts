/** Feeds one decoder with inputs and counts the results. */
import { setImmediate } from 'node:timers/promises';
import type { DecoderTarget } from './decoders.js';
import { mutated, mutatedFrames } from './mutate.js';
import { seededRandom } from './random.js';
import { seedsOf } from './seeds.js';

const YIELD_EVERY = 1000;

export interface DecoderResult {
  inputs: number;
  taken: number;
  refused: number;
  seconds: number;
}

/**
 * Feeds a decoder with its seeds, then with mutations of them and of inputs that it accepted.
 * @throws Error with the input in hex and the random seed, when the decoder throws an unexpected error
 */
export async function fuzzDecoder(
  target: DecoderTarget,
  inputs: number,
  seed: number,
): Promise<DecoderResult> {
  const random = seededRandom(seed);
  const corpus: (readonly Uint8Array[])[] = seedsOf(target.seeds).map((frames) =>
    chosen(frames, target.frames),
  );
  const planted = corpus.length;
  const pool = corpus.flat();
  // Otherwise bases grow from step to step, and time goes into copying.
  const longest = 64 + 2 * Math.max(...corpus.map(sizeOf));
  let taken = 0;
  const startedAt = performance.now();
  for (let i = 0; i < inputs; i += 1) {
    // zlib lets go of what it used in the next turn of the loop.
    if (i % YIELD_EVERY === 0) await setImmediate();
    const base = i < planted ? corpus[i] : random.pick(corpus);
    const input = i < planted ? (base ?? []) : next(base ?? []);
    let good = false;
    try {
      good = target.decode(input);
    } catch (error) {
      if (!target.expected(error)) {
        const hex = input.map((frame) => Buffer.from(frame).toString('hex')).join(' ');
        throw new Error(`${target.name}: input ${i} of seed ${seed} [${hex}]: ${String(error)}`, {
          cause: error,
        });
      }
    }
    if (!good) continue;
    taken += 1;
    // Inputs that were taken are bases too: what is deep inside is reached by steps. The number is bounded.
    if (i >= planted && random.onceIn(16) && sizeOf(input) <= longest) {
      if (corpus.length < planted + 200) corpus.push(input);
      else corpus[planted + random.below(200)] = input;
    }
  }
  return { inputs, taken, refused: inputs - taken, seconds: (performance.now() - startedAt) / 1000 };

  function next(base: readonly Uint8Array[]): readonly Uint8Array[] {
    if (target.frames === 'all' || target.frames === 'rest')
      return mutatedFrames(base, pool, random, target.mutate);
    return [(target.mutate ?? mutated)(base[0] ?? new Uint8Array(), pool, random)];
  }
}

function sizeOf(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, frame) => sum + frame.length, 0);
}

function chosen(frames: readonly Uint8Array[], which: DecoderTarget['frames']): Uint8Array[] {
  if (which === 'all') return [...frames];
  if (which === 'rest') return frames.slice(1);
  return [(which === 'first' ? frames[0] : frames.at(-1)) ?? new Uint8Array()];
}
