/** One waveform from windows that overlap: a box keeps only the last minute or less, so it is asked piece by piece. Cycles are recognised by their timestamps. */

/** A piece of the waveform of one box, as it is stored. */
export interface WaveformPart {
  /** Unix ms, one a cycle, in order of time */
  timestampsMs: readonly number[];
  /** counts */
  samples: Int16Array;
}

export interface JoinedWaveform {
  timestampsMs: number[];
  samples: Int16Array;
}

/**
 * @param parts in any order; a cycle that several of them have is taken once
 * @returns cycles in order of time; what no part has is a gap in the timestamps
 */
export function joinParts(parts: readonly WaveformPart[]): JoinedWaveform {
  const sorted = parts
    .filter(({ samples, timestampsMs }) => timestampsMs.length > 0 && samples.length > 0)
    .toSorted((a, b) => (a.timestampsMs[0] ?? 0) - (b.timestampsMs[0] ?? 0));
  const pieces: { timestampsMs: readonly number[]; samples: Int16Array }[] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { samples, timestampsMs } of sorted) {
    const first = timestampsMs.findIndex((at) => at > lastMs);
    if (first === -1) continue;
    const perCycle = samples.length / timestampsMs.length;
    pieces.push({
      timestampsMs: timestampsMs.slice(first),
      samples: samples.subarray(Math.round(first * perCycle)),
    });
    lastMs = timestampsMs.at(-1) ?? lastMs;
  }
  const joined = new Int16Array(pieces.reduce((sum, { samples }) => sum + samples.length, 0));
  let at = 0;
  for (const { samples } of pieces) {
    joined.set(samples, at);
    at += samples.length;
  }
  return { timestampsMs: pieces.flatMap(({ timestampsMs }) => timestampsMs), samples: joined };
}

/** A value that is rarer than one in so many samples is no step of the converter but a fault on the way. */
const RARE = 1_000_000;

/**
 * The step of the converter, in counts: the largest number that all distances between its values are multiples of. 1 for all 16 bits, 256 for 8 bits that were
 * shifted; 0 when there are fewer than two different values.
 */
export function stepOfCounts(samples: Int16Array): number {
  const times = new Uint32Array(65_536);
  for (const count of samples) times[count + 32_768] = (times[count + 32_768] ?? 0) + 1;
  let step = 0;
  let last: number | undefined;
  times.forEach((seen, value) => {
    if (seen === 0 || seen < samples.length / RARE) return;
    if (last !== undefined) step = greatestCommonDivisor(value - last, step);
    last = value;
  });
  return step;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
