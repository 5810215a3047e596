/** The plugins of this folder, each built as its author builds it. */
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { type Language, newPlugin, STEPS } from '../../../cli/plugin/new.js';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { rustcForWasm } from '../../support/compilers.js';

const FOLDER = join(PACKAGE_ROOT, 'test/plugins/authors');

/** Folders below this one find npm's compilers: nothing is installed. It is not packed: a release may be made beside the tests that build here. */
export const BUILDS = join(PACKAGE_ROOT, 'dist/test');

export type Author = 'histogram' | 'unbalance' | 'rocof' | 'cusum';

export const AUTHORS: readonly Author[] = ['histogram', 'unbalance', 'rocof', 'cusum'];

/** What this machine lacks to build one; undefined: nothing. */
export function missingFor(name: Author): string | undefined {
  return name === 'cusum' && rustcForWasm() === undefined ? 'rustc for wasm32' : undefined;
}

export const casesOf = (name: Author): string => join(FOLDER, 'cases', name);

/**
 * @param folder a new folder below BUILDS
 * @returns path of the built plugin
 */
export function buildAuthor(name: Author, folder: string): string {
  switch (name) {
    case 'histogram':
      return join(FOLDER, 'histogram.js');
    case 'unbalance':
      return join(PACKAGE_ROOT, 'dist/test/plugins/authors/unbalance.js');
    case 'rocof':
      return fromTemplate(name, 'as', folder);
    case 'cusum':
      return fromTemplate(name, 'rust', folder);
  }
}

/** `makai plugin new`, with the author's source and manifest in place of those of the template. */
function fromTemplate(name: Author, language: Language, folder: string): string {
  const { built } = newPlugin(name, language, join(folder, name));
  const cwd = join(folder, name);
  cpSync(join(FOLDER, name), cwd, { recursive: true });
  for (const step of STEPS[language].build.filter((one) => one !== 'npm install'))
    execFileSync('sh', ['-c', step], { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  return join(cwd, built);
}
