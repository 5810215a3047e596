/** The binaries of the Debian package: which native modules Node loads, and which Debian packages they all need. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Loads each native dependency, then names all files that are loaded. */
const LOAD = `
const [, Sqlite] = ['zeromq', 'better-sqlite3', '@node-rs/crc32'].map((name) => require(name));
new Sqlite(':memory:').close();
JSON.stringify(process.report.getReport().sharedObjects)`;

/** Debian packages of the libraries that Node and its native modules are linked to, on every architecture. */
const LIBRARIES: readonly [RegExp, string][] = [
  [/^(ld-linux|lib(c|m|dl|rt|pthread)\.so)/, 'libc6'],
  [/^libgcc_s\.so/, 'libgcc-s1'],
  [/^libstdc\+\+\.so/, 'libstdc++6'],
  [/^libatomic\.so/, 'libatomic1'],
];

/** GLIBCXX_3.4.x → the first GCC that has it: GCC's manual of libstdc++, "ABI Policy and Guidelines". */
const LIBSTDCXX: Record<number, number> = {
  21: 5,
  22: 6,
  23: 7,
  24: 7,
  25: 8,
  26: 9,
  27: 9,
  28: 9,
  29: 11,
  30: 12,
  31: 13,
  32: 13,
  33: 14,
  34: 15,
};

export interface Loaded {
  /** native modules in the folder */
  modules: string[];
  /** files of shared libraries of the system */
  libraries: string[];
}

/** What a Node has loaded once it has loaded the native dependencies in a folder. @throws Error where one of them cannot be loaded */
export function loadedFiles(node: string, folder: string): Loaded {
  const text = execFileSync(node, ['-p', LOAD], { cwd: folder, encoding: 'utf8' });
  const files = JSON.parse(text) as string[];
  return {
    modules: files.filter((file) => file.endsWith('.node')),
    libraries: files.filter((file) => !file.endsWith('.node') && !file.startsWith('linux-vdso')),
  };
}

/**
 * @param libraries what the binaries have loaded
 * @param binaries the files whose versions of symbols count
 * @returns the terms of the Depends field
 * @throws Error where a library is not one of those that Debian always has in these packages: a Node that is linked to others cannot be shipped alone
 */
export function debianDependencies(libraries: readonly string[], binaries: readonly string[]): string[] {
  const names = new Set<string>();
  for (const library of libraries) {
    const name = LIBRARIES.find(([pattern]) => pattern.test(basename(library)))?.[1];
    if (name === undefined)
      throw new Error(`${library} is loaded: build the release with a Node that needs no library of its own`);
    names.add(name);
  }
  const texts = binaries.map((file) => readFileSync(file, 'latin1'));
  return [...names].sort().map((name) => {
    if (name === 'libc6') return `libc6 (>= 2.${latest(texts, /GLIBC_2\.(\d+)/g)})`;
    if (name === 'libstdc++6') return `libstdc++6 (>= ${gccOf(latest(texts, /GLIBCXX_3\.4\.(\d+)/g))})`;
    return name;
  });
}

function latest(texts: readonly string[], pattern: RegExp): number {
  return Math.max(
    0,
    ...texts.flatMap((text) => [...text.matchAll(pattern)].map(([, minor]) => Number(minor))),
  );
}

function gccOf(minor: number): number {
  if (minor < 21) return 5;
  const version = LIBSTDCXX[minor];
  if (version === undefined)
    throw new Error(
      `GLIBCXX_3.4.${minor} is needed: add the GCC that has it to ${basename(import.meta.url)}`,
    );
  return version;
}
