/** The files of a tier of the tests, in the order in which they start. */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { LONG } from './long.js';

export const TIERS = ['fast', 'slow'] as const;
export type Tier = (typeof TIERS)[number];

export interface TierFiles {
  /** each in a worker that is free */
  parallel: string[];
  /** beside them, one after the other: containers and images, whose preparations (a release, Debian roots) are made once and shared */
  serial: string[];
}

/** Procedures that take long: `npm run test:operations`. */
const APART = /^systemd\/operations\//;
const SERIAL = /^(scripts\/release|systemd|image)\//;
const TESTS = join(PACKAGE_ROOT, 'dist/test');

/** Long files come first, so that none of them starts last and runs alone at the end. The paths are relative to the package. */
export function filesOf(tier: Tier): TierFiles {
  const names = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js') && name.endsWith('.slow.test.js') === (tier === 'slow'))
    .filter((name) => !APART.test(name))
    .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  const isSerial = (name: string): boolean => tier === 'slow' && SERIAL.test(name);
  const path = (name: string): string => relative(PACKAGE_ROOT, join(TESTS, name));
  return {
    parallel: names.filter((name) => !isSerial(name)).map(path),
    serial: names.filter(isSerial).map(path),
  };
}

function place(name: string): number {
  const at = LONG.indexOf(name.replace(/\.js$/, '.ts'));
  return at < 0 ? LONG.length : at;
}
