/** The ratios that a change must not let fall: committed, compared with by the short form. Ratios, never seconds. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PACKAGE_ROOT } from '../common/package-root.js';
import type { Comparison } from './compare.js';
import type { Machine } from './report.js';

const FILE = path.join(PACKAGE_ROOT, 'bench/reference.json');

/** A ratio may be this share below the reference before it counts as fallen: machines of CI are shared, and short runs noisy. */
export const TOLERANCE = 0.4;

export interface Reference {
  /** where and when the ratios were measured, for people */
  machine: Machine;
  ratios: Record<string, number>;
}

/** Ratios by `<benchmark>: <comparison>: <contender>`, of contenders that a goal of a ratio names: the others are only shown. */
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

/** What fell, one line each. A ratio that the reference does not know is not judged. */
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

/** Ratios of benchmarks that were not run stay as they are. */
export function writeReference(ratios: Readonly<Record<string, number>>, facts: Machine): void {
  const merged = { ...readReference()?.ratios, ...ratios };
  const sorted = Object.fromEntries(Object.entries(merged).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(FILE, `${JSON.stringify({ machine: facts, ratios: sorted }, undefined, 2)}\n`);
}
