/**
 * The files that a JavaScript plugin is made of: its own and those that it imports, as far as the imports are written as text. The host
 * compares them at a reload, so that a change in an imported file counts as a change of the plugin.
 */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Files looked at; a plugin with more is one with large packages, whose further files are not compared. */
const MAX_FILES = 500;
const MAX_BYTES = 4 * 2 ** 20;

const IMPORTS =
  /\b(?:import|export)\b[^'"`;]*?\bfrom\s*(['"])([^'"\n]+)\1|\bimport\s*(['"])([^'"\n]+)\3|\b(?:import|require)\s*\(\s*(['"])([^'"\n]+)\5\s*\)/g;
/** An import whose file is only known when it runs. */
const COMPUTED = /\bimport\s*\(\s*(?!['"])[^)]/;

export interface ModuleGraph {
  /** absolute, the plugin's own first */
  files: readonly string[];
  /** why a change could go unseen; empty: none could */
  unseen: readonly string[];
}

/** @param file absolute; a file that cannot be read has no imports */
export function moduleGraph(file: string): ModuleGraph {
  const files = new Set([file]);
  const unseen: string[] = [];
  for (const one of files) {
    if (files.size > MAX_FILES) {
      unseen.push(`it has more than ${MAX_FILES} files`);
      break;
    }
    const text = textOf(one);
    if (COMPUTED.test(text)) unseen.push(`${one} imports a file whose name is computed`);
    for (const name of importsOf(text)) {
      const found = resolved(name, one);
      if (found !== undefined) files.add(found);
    }
  }
  return { files: [...files], unseen };
}

/** Where the manifest of a plugin is, if it has one (manifest.ts). */
export function manifestFile(plugin: string): string {
  return join(dirname(plugin), `${basename(plugin, extname(plugin))}.manifest.json`);
}

/** A text that changes with the content of the files: their times and sizes. A file that is missing counts too. */
export function versionOf(files: readonly string[]): string {
  return files
    .map((file) => {
      const stats = statSync(file, { throwIfNoEntry: false });
      return stats === undefined ? 'missing' : `${stats.mtimeMs} ${stats.size}`;
    })
    .join('; ');
}

function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORTS)].flatMap(([, , from, , bare, , called]) => from ?? bare ?? called ?? []);
}

/** Undefined for what Node itself has, and for what is not there: the import reports that. */
function resolved(name: string, from: string): string | undefined {
  try {
    if (/^(\.{0,2}\/|file:)/.test(name)) return fileURLToPath(new URL(name, pathToFileURL(from)));
    const path = createRequire(from).resolve(name);
    return path.startsWith('/') ? path : undefined;
  } catch {
    return undefined; // the import itself reports it
  }
}

function textOf(file: string): string {
  try {
    if (!/\.[cm]?js$/.test(file) || statSync(file).size > MAX_BYTES) return '';
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // the import itself reports it
  }
}
