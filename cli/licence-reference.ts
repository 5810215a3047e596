/** docs/licences.md: every package that package-lock.json installs, with its SPDX licence. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../common/package-root.js';

export interface LockedPackage {
  name: string;
  version: string;
  /** an SPDX expression, as the package states it */
  licence: string;
  /** needed only to build and test */
  development: boolean;
  /** false: a native module for another system or processor, which npm does not install here */
  isForThisMachine: boolean;
}

interface LockEntry {
  version?: string;
  license?: string;
  dev?: boolean;
  devOptional?: boolean;
  os?: readonly string[];
  cpu?: readonly string[];
  libc?: readonly string[];
}

/** The packages, by name and version. A package that is installed twice in one version is listed once. */
export function lockedPackages(): LockedPackage[] {
  const lock = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockEntry>;
  };
  const found = new Map<string, LockedPackage>();
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '') continue;
    const { dev, devOptional, license, version = '' } = entry;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const development = dev === true || devOptional === true;
    const key = `${name} ${version}`;
    const before = found.get(key);
    found.set(key, {
      name,
      version,
      licence: license ?? 'NOASSERTION',
      development: development && (before?.development ?? true),
      isForThisMachine: isForThisMachine(entry),
    });
  }
  return [...found.values()].sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

function isForThisMachine({ cpu, libc, os }: LockEntry): boolean {
  const fits = (list: readonly string[] | undefined, value: string): boolean =>
    list === undefined || list.includes(value);
  return (
    fits(os, process.platform) && fits(cpu, process.arch) && (libc === undefined || fits(libc, libcOfNode()))
  );
}

function libcOfNode(): string {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

/** The page, whole. */
export function licenceReference(): string {
  const packages = lockedPackages();
  const runtime = packages.filter(({ development }) => !development);
  return [
    '# Licences of the dependencies',
    '',
    'SPDX expressions, as the packages state them. `npm run -s sbom` prints a bill of materials in CycloneDX format. Versions are those of',
    '`package-lock.json`. Makai itself is MIT.',
    '',
    `## At run time (${runtime.length})`,
    '',
    ...table(runtime),
    '',
    'Native code in these packages: `zeromq` contains libzmq (MPL-2.0) and libsodium (ISC), `better-sqlite3` contains SQLite (public domain,',
    '`blessing`), `@node-rs/crc32` contains the crate `crc32c` (Apache-2.0 or MIT).',
    '',
    `## To build and test (${packages.length - runtime.length})`,
    '',
    ...table(packages.filter(({ development }) => development)),
  ].join('\n');
}

function table(packages: readonly LockedPackage[]): string[] {
  const rows = packages.map(({ licence, name, version }) => `| ${name} | ${version} | ${licence} |`);
  return ['| package | version | licence |', '|---|---|---|', ...rows];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
