/** Measures contenders in alternating rounds of one run and compares them. */

/** One thing to measure. */
export interface Contender {
  name: string;
  /** One round. @returns its figure, in the comparison's unit */
  once(): number | Promise<number>;
}

export interface ComparisonSpec {
  title: string;
  /** of the figures, for example `ns per message` */
  unit: string;
  better: 'lower' | 'higher';
  /** name of the contender that ratios are relative to */
  baseline: string;
  contenders: Contender[];
  /** false: each round starts new processes, so there is nothing to warm up */
  warmUp?: boolean;
  /** goals that must be met */
  goals?: Goal[];
}

/** A min ratio relative to the baseline, or a limit in the unit of the comparison: a max where lower is better, a min where higher is better. */
export type Goal = { contender: string } & ({ ratio: number } | { figure: number });

export interface Row {
  name: string;
  median: number;
  low: number;
  high: number;
  /** how many times better than the baseline; above 1 is better, whether a low or a high figure is good */
  ratio: number;
}

export interface Comparison {
  title: string;
  unit: string;
  better: 'lower' | 'higher';
  baseline: string;
  rounds: number;
  rows: Row[];
  goals: (Goal & { met: boolean })[];
}

export interface Benchmark {
  name: string;
  /** one line: what it measures */
  what: string;
  /** not in the short form unless named */
  long?: boolean;
  /** `short`: smaller amounts, for the gate of CI */
  run(options: { rounds: number; short?: boolean }): Promise<Comparison[]>;
}

/**
 * One warm-up round of each contender (unless `warmUp` is false), then `rounds` rounds, each starting with another contender.
 * @throws Error when the baseline or a goal names no contender
 */
export async function compare(spec: ComparisonSpec, rounds: number): Promise<Comparison> {
  const { contenders, better, goals = [], warmUp = true, ...rest } = spec;
  const figures = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = warmUp ? -1 : 0; round < rounds; round++) {
    for (let k = 0; k < contenders.length; k++) {
      const contender = contenders[(k + round + 1) % contenders.length];
      if (contender === undefined) continue;
      process.stderr.write(`  ${spec.title}: round ${round + 1} of ${rounds}, ${contender.name}\n`);
      const figure = await contender.once();
      if (round >= 0) figures.get(contender.name)?.push(figure);
    }
  }
  const base = median(figures.get(spec.baseline) ?? []);
  const rows = contenders.map(({ name }): Row => {
    const own = figures.get(name) ?? [];
    const mid = median(own);
    const ratio = better === 'lower' ? base / mid : mid / base;
    return { name, median: mid, low: Math.min(...own), high: Math.max(...own), ratio };
  });
  const isMet = (goal: Goal): boolean => {
    const row = rows.find((r) => r.name === goal.contender);
    if (row === undefined) throw new Error(`no contender is named ${goal.contender}`);
    if ('ratio' in goal) return row.ratio >= goal.ratio;
    return better === 'lower' ? row.median <= goal.figure : row.median >= goal.figure;
  };
  return {
    ...rest,
    better,
    rounds,
    rows,
    goals: goals.map((goal) => ({ ...goal, met: isMet(goal) })),
  };
}

/**
 * Min number of rounds for comparisons within this process, which take milliseconds each. It is high enough that neither unfinished compilation nor garbage
 * collection determines the median.
 */
export function manyRounds(rounds: number): number {
  return Math.max(rounds, 15);
}

/** Nanoseconds per call, over `count` calls. */
export function nsEach(count: number, call: (i: number) => void): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) call(i);
  return Number(process.hrtime.bigint() - start) / count;
}

/** @throws Error without values */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const high = sorted[Math.floor(sorted.length / 2)];
  const low = sorted[Math.ceil(sorted.length / 2) - 1];
  if (high === undefined || low === undefined)
    throw new Error('no values: is the baseline one of the contenders?');
  return (low + high) / 2;
}
