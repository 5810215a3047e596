/** Plugin entries: what a `path` means, and checks of settings before anything is started. */
import { basename, resolve } from 'node:path';
import type { z } from 'zod';
import { type Finding, pathText } from './findings.js';
import { settingsFindings } from './plugin-settings.js';
import { nearest } from './suggest.js';

/** Plugins that ship, by their short names, with their language. */
const SHIPPED = { health: 'js', napali: 'wasm', outage: 'js', print: 'js', threshold: 'js' } as const;
export type ShippedPlugin = keyof typeof SHIPPED;
export const SHIPPED_PLUGINS = Object.keys(SHIPPED) as readonly ShippedPlugin[];

/** Those that compare boxes, and need all of them. A plugin of your own says so in its manifest. */
const COMPARING: readonly ShippedPlugin[] = ['napali', 'outage'];

/** Names of the v2 and v3 libraries, where they are not `lib<short name>_plugin.so`. */
const OLD_NAMES: Readonly<Record<string, ShippedPlugin>> = {
  threshold_trigger: 'threshold',
  napali_trigger: 'napali',
};

export type PluginTarget =
  | { kind: 'shipped'; name: ShippedPlugin; language: 'js' | 'wasm' }
  | { kind: 'file'; path: string; language: 'js' | 'wasm' }
  | { kind: 'refused'; reason: string };

export interface PluginEntry {
  readonly path: string;
  readonly [setting: string]: unknown;
}

/** Whether a shipped plugin compares boxes. */
export function comparesBoxes(name: ShippedPlugin): boolean {
  return COMPARING.includes(name);
}

function isShipped(name: string): name is ShippedPlugin {
  return Object.hasOwn(SHIPPED, name);
}

/**
 * What a plugin's `path` means: a shipped plugin by its short name or by the name in `lib<name>_plugin.so`, else a `.js`, `.mjs`, `.cjs` or `.wasm` file.
 * @param folder what a relative path starts from; the working directory, as for existing services
 */
export function resolvePlugin(path: string, folder = process.cwd()): PluginTarget {
  const library = /^lib(.+)_plugin\.(?:so|dylib)$/.exec(basename(path))?.[1];
  if (library !== undefined) return fromLibrary(library, path);
  if (isShipped(path)) return shipped(path);
  if (/\.[cm]?js$/.test(path)) return { kind: 'file', path: resolve(folder, path), language: 'js' };
  if (path.endsWith('.wasm')) return { kind: 'file', path: resolve(folder, path), language: 'wasm' };
  const typescript = /^(.*)\.([cm]?)tsx?$/.exec(path);
  if (typescript) {
    const [, name, kind] = typescript;
    const reason = `${path} is TypeScript: build it first (npm run build), and name the file that comes out, such as ${name}.${kind}js`;
    return { kind: 'refused', reason };
  }
  const near = nearest(path, SHIPPED_PLUGINS);
  const hint = near ? `; did you mean "${near}"?` : '';
  return {
    kind: 'refused',
    reason: `expected a .js, .mjs, .cjs or .wasm file or one of ${SHIPPED_PLUGINS.join(', ')}, found ${JSON.stringify(path)}${hint}`,
  };
}

function shipped(name: ShippedPlugin): PluginTarget {
  return { kind: 'shipped', name, language: SHIPPED[name] };
}

function fromLibrary(library: string, path: string): PluginTarget {
  const name = OLD_NAMES[library] ?? library;
  if (isShipped(name)) return shipped(name);
  if (library === 'ketos') {
    const reason =
      'the ketos plugin (Lisp scripts) is not carried over; write the script as a .js plugin, see docs/plugins.md';
    return { kind: 'refused', reason };
  }
  const reason = `native libraries are not loaded, and no shipped plugin replaces ${basename(path)}; there are ${SHIPPED_PLUGINS.join(', ')}`;
  return { kind: 'refused', reason };
}

/** The settings that are handed to the plugin: the entry without its path. */
export function settingsOf(entry: PluginEntry): Record<string, unknown> {
  const { path: _path, ...settings } = entry;
  return settings;
}

/** The schemas that shipped plugins check their settings by, by their short names. */
export type SettingsSchemas = Readonly<Partial<Record<ShippedPlugin, z.ZodType>>>;

/**
 * What keeps plugins of a configuration from being loaded. The daemon starts without these plugins and says so.
 * @param schemas given by the caller, since this room knows no plugin; settings of a plugin without one are not checked
 * @param firstIndex place of the first entry in the list of the file
 */
export function pluginFindings(
  entries: readonly PluginEntry[],
  schemas: SettingsSchemas = {},
  firstIndex = 0,
): Finding[] {
  return entries.flatMap((entry, offset): Finding[] => {
    const at = ['plugins', firstIndex + offset];
    const target = resolvePlugin(entry.path);
    if (target.kind === 'refused') {
      return [{ severity: 'plugin', path: pathText([...at, 'path']), message: target.reason }];
    }
    const schema = target.kind === 'shipped' ? schemas[target.name] : undefined;
    return schema ? settingsFindings(schema, settingsOf(entry), at) : [];
  });
}
