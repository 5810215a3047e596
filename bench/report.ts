/** The output of a benchmark on the terminal and in its JSON file. */
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PACKAGE_ROOT } from '../common/package-root.js';
import type { Comparison, Goal } from './compare.js';

/** Facts about the machine that are needed to interpret a figure. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  node: string;
  platform: string;
  loadBefore: number;
}

export function machine(): Machine {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
    platform: `${os.type()} ${os.release()} ${os.arch()}`,
    loadBefore: Math.round((os.loadavg()[0] ?? 0) * 10) / 10,
  };
}

/** A comparison as a table of text. */
export function tableOf(comparison: Comparison): string {
  const width = Math.max(...comparison.rows.map(({ name }) => name.length));
  const lines = comparison.rows.map(({ name, median, low, high, ratio }) => {
    const spread = `${figure(low)} to ${figure(high)}`;
    const times = name === comparison.baseline ? 'baseline' : `${ratio.toFixed(2)} x`;
    return `  ${name.padEnd(width)}  ${figure(median).padStart(9)}  ${spread.padStart(22)}  ${times}`;
  });
  const goals = comparison.goals.map(
    (goal) => `  goal: ${goal.contender} ${goalText(goal, comparison)}: ${goal.met ? 'met' : 'MISSED'}`,
  );
  const head = `${comparison.title} (${comparison.unit}, ${comparison.better} is better, ${comparison.rounds} rounds)`;
  return [head, ...lines, ...goals].join('\n');
}

/** `at least 0.70 x`, `at most 200 MB`. */
export function goalText(goal: Goal, { better, unit }: Pick<Comparison, 'better' | 'unit'>): string {
  if ('ratio' in goal) return `at least ${goal.ratio.toFixed(2)} x`;
  return `${better === 'lower' ? 'at most' : 'at least'} ${figure(goal.figure)} ${unit}`;
}

/** Writes bench/results/<name>-<time>.json. @returns its path */
export function writeResult(name: string, facts: Machine, comparisons: readonly Comparison[]): string {
  const folder = path.join(PACKAGE_ROOT, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const at = new Date().toISOString();
  const file = path.join(folder, `${name}-${at.replaceAll(':', '')}.json`);
  writeFileSync(file, `${JSON.stringify({ name, at, machine: facts, comparisons }, undefined, 2)}\n`);
  return file;
}

/** Three significant digits. */
export function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return Number.isFinite(value) ? value.toPrecision(3) : String(value);
}
