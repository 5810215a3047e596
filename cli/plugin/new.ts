/** Lays out a new plugin: the template of its language, the SDK beside it, so that it builds wherever the folder goes. */
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { MakaiError } from '../../common/errors.js';
import { isThere } from '../../common/is-there.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { manifestFile } from '../../plugin-host/module-graph.js';

export const LANGUAGES = ['ts', 'js', 'as', 'c', 'rust'] as const;
export type Language = (typeof LANGUAGES)[number];

const SDK = join(PACKAGE_ROOT, 'plugins/sdk');

/** What of the SDK goes where, below the new folder. */
const SDK_FILES: Record<Language, { from: string; to: string }[]> = {
  ts: [
    { from: 'plugin.ts', to: 'makai/plugin.ts' },
    { from: 'settings.ts', to: 'makai/settings.ts' },
  ],
  js: [{ from: '../../dist/plugins/sdk/settings.js', to: 'makai/settings.js' }],
  as: [{ from: 'assemblyscript/assembly', to: 'makai' }],
  c: [{ from: 'c', to: 'makai' }],
  rust: [{ from: 'rust', to: 'makai' }],
};

const BUILT: Record<Language, (name: string) => string> = {
  ts: (name) => `build/src/${name}.js`,
  js: (name) => `src/${name}.js`,
  as: (name) => `build/${name}.wasm`,
  c: (name) => `build/${name}.wasm`,
  rust: (name) => `build/${name}.wasm`,
};

/** Commands that build and test it, in its folder. */
export const STEPS: Record<Language, { build: string[]; test: string }> = {
  ts: { build: ['npm install', 'npm run build'], test: 'npm test' },
  js: { build: [], test: 'npm test' },
  as: { build: ['npm install', 'npm run build'], test: 'npm test' },
  c: { build: ['sh build.sh'], test: 'sh test.sh' },
  rust: { build: ['sh build.sh'], test: 'sh test.sh' },
};

/** Where the manifest is: of a language without a build, directly beside the plugin. */
const MANIFEST = 'manifest.json';
const isBuilt = (language: Language): boolean => STEPS[language].build.length > 0;

/** File names that npm would leave out of the package, and what they become. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore' };

export interface NewPlugin {
  folder: string;
  /** what it builds, below its folder */
  built: string;
}

/**
 * @param name of letters, digits and hyphens, from a letter on
 * @throws MakaiError TARGET_NOT_EMPTY
 */
export function newPlugin(name: string, language: Language, folder: string): NewPlugin {
  if (
    isThere(folder, 'TARGET_NOT_EMPTY') &&
    (!statSync(folder).isDirectory() || readdirSync(folder).length > 0)
  ) {
    throw new MakaiError('TARGET_NOT_EMPTY', `${folder} exists and is not empty`, {
      hint: 'Choose another name, or another folder with --dir.',
    });
  }
  const built = BUILT[language](name);
  const fill = (text: string) => text.replaceAll('__NAME__', name).replaceAll('__FILE__', built);
  for (const template of ['common', language]) copy(join(SDK, 'templates', template), folder, fill);
  if (!isBuilt(language)) renameSync(join(folder, MANIFEST), manifestFile(join(folder, built)));
  for (const { from, to } of SDK_FILES[language]) {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    cpSync(join(SDK, from), join(folder, to), { recursive: true });
  }
  return { folder, built };
}

function copy(from: string, to: string, fill: (text: string) => string): void {
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, dirname(relative(from, source)), RENAMED[entry.name] ?? fill(basename(source)));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, fill(readFileSync(source, 'utf8')), {
      mode: source.endsWith('.sh') ? 0o755 : 0o644,
    });
  }
}
