/** Contenders measured in alternating rounds of one run, and what is told of them. */

/** One thing to measure. */
export interface Contender {
  name: string;
  /** One round. @returns its figure, in the comparison's unit */
  once(): number | Promise<number>;
}

export interface ComparisonSpec {
  title: string;
  /** of the figures, for example `ns a message` */
  unit: string;
  better: 'lower' | 'higher';
  /** name of the contender that the ratios are against */
  baseline: string;
  contenders: Contender[];
  /** false: each round starts processes of its own, so that there is nothing to warm up */
  warmUp?: boolean;
  /** what is promised */
  goals?: Goal[];
}

/** A least ratio against the baseline, or a figure of its own, at most or at least as the unit's better way goes. */
export type Goal = { contender: string } & ({ ratio: number } | { figure: number });

export interface Row {
  name: string;
  median: number;
  low: number;
  high: number;
  /** how many times better than the baseline: above 1 is better, whichever way the unit goes */
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
  /** one line: what it answers */
  what: string;
  /** left out of the short form unless named */
  long?: boolean;
  /** `short`: smaller amounts, for the gate of CI */
  run(options: { rounds: number; short?: boolean }): Promise<Comparison[]>;
}

/**
 * One round of each contender to warm up (unless told not to), then `rounds` rounds, each beginning with another contender.
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
 * Rounds of comparisons within this process, which take milliseconds each: enough that neither a compiler that has not finished nor a collection
 * of garbage makes the median.
 */
export function manyRounds(rounds: number): number {
  return Math.max(rounds, 15);
}

/** Nanoseconds that one of `count` calls takes. */
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
