/** Reference ratios, which the short form compares with. A change must not lower them. Ratios, never seconds. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PACKAGE_ROOT } from '../common/package-root.js';
import type { Comparison } from './compare.js';
import type { Machine } from './report.js';

const FILE = path.join(PACKAGE_ROOT, 'bench/reference.json');

/** A ratio may be lower than the reference by this fraction. CI machines are shared, and short runs are noisy. */
export const TOLERANCE = 0.4;

export interface Reference {
  /** where and when the ratios were measured, for people */
  machine: Machine;
  ratios: Record<string, number>;
}

/** Ratios by `<benchmark>: <comparison>: <contender>`, of contenders with a goal that is a ratio. Others are only printed. */
export function ratiosOf(
  results: readonly { name: string; comparisons: readonly Comparison[] }[],
): Record<string, number> {
  const ratios: Record<string, number> = {};
  for (const { name, comparisons } of results) {
    for (const { title, rows, goals } of comparisons) {
      for (const goal of goals) {
        if (!('ratio' in goal)) continue;
        const { contender } = goal;
        const row = rows.find((candidate) => candidate.name === contender);
        if (row !== undefined) ratios[`${name}: ${title}: ${contender}`] = Number(row.ratio.toFixed(3));
      }
    }
  }
  return ratios;
}

/** Ratios that are too low, one line each. A ratio that is not in the reference is not compared. */
export function judge(reference: Reference | undefined, ratios: Readonly<Record<string, number>>): string[] {
  if (reference === undefined)
    return [`no ${path.relative(PACKAGE_ROOT, FILE)}: write it with --write-reference`];
  return Object.entries(ratios).flatMap(([key, ratio]) => {
    const was = reference.ratios[key];
    if (was === undefined || ratio >= was * (1 - TOLERANCE)) return [];
    return [`FELL ${key}: ${ratio.toFixed(2)} x, reference ${was.toFixed(2)} x`];
  });
}

export function readReference(): Reference | undefined {
  if (!existsSync(FILE)) return undefined;
  return JSON.parse(readFileSync(FILE, 'utf8')) as Reference;
}

/** Ratios of benchmarks that did not run are kept. */
export function writeReference(ratios: Readonly<Record<string, number>>, facts: Machine): void {
  const merged = { ...readReference()?.ratios, ...ratios };
  const sorted = Object.fromEntries(Object.entries(merged).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(FILE, `${JSON.stringify({ machine: facts, ratios: sorted }, undefined, 2)}\n`);
}
