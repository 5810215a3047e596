/** Seeded random numbers: the seed repeats a failing run. */

export interface Random {
  /** whole, 0 <= n < below */
  below(below: number): number;
  /** true once in `times` */
  onceIn(times: number): boolean;
  /** @throws RangeError for an empty list */
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Uint8Array;
}

/** xorshift128 (G. Marsaglia, "Xorshift RNGs", 2003), seeded through a multiplicative hash. */
export function seededRandom(seed: number): Random {
  let [x, y, z, w] = [1, 2, 3, 4].map((i) => Math.imul((seed ^ 0x9e3779b9) + i, 0x85ebca6b) | 1) as [
    number,
    number,
    number,
    number,
  ];
  const next = (): number => {
    const t = x ^ (x << 11);
    [x, y, z] = [y, z, w];
    w = w ^ (w >>> 19) ^ (t ^ (t >>> 8));
    return w >>> 0;
  };
  for (let i = 0; i < 20; i += 1) next();
  const below = (limit: number): number => next() % limit;
  return {
    below,
    onceIn: (times) => below(times) === 0,
    pick: (list) => {
      if (list.length === 0) throw new RangeError('nothing to pick from');
      return list[below(list.length)] as (typeof list)[number];
    },
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  };
}
