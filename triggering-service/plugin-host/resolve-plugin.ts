/** Which file a plugin's `path` means (docs: configuration.md). */
import { existsSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { MakaiError } from '../../common/errors.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import type { PluginLanguage } from './loaded-plugin.js';

export interface PluginFile {
  /** short name: of a shipped plugin, or of the file without its ending */
  name: string;
  /** absolute */
  file: string;
  language: PluginLanguage;
  shipped: boolean;
}

const LANGUAGE: Record<string, PluginLanguage> = {
  '.js': 'javascript',
  '.mjs': 'javascript',
  '.cjs': 'javascript',
  '.wasm': 'webassembly',
};

/** Names of the field's shared libraries, such as libthreshold_trigger_plugin.so. */
const FIELD_LIBRARY = /^lib(.+?)(?:_trigger)?_plugin\.so$/;

/**
 * @param path a `.js` or `.wasm` file, the short name of a shipped plugin, or the `lib<name>_plugin.so` of an older configuration
 * @throws MakaiError PLUGIN_UNUSABLE
 */
export function resolvePlugin(path: string): PluginFile {
  const library = FIELD_LIBRARY.exec(basename(path))?.[1];
  if (library === 'ketos') {
    throw unusable(
      `"${path}": Lisp scripts (ketos) are not run`,
      'Write the script as a plugin in a .js file.',
    );
  }
  if (library !== undefined) return shippedPlugin(library, path);
  const language = LANGUAGE[extname(path).toLowerCase()];
  if (language === undefined) {
    if (/^[\w-]+$/.test(path)) return shippedPlugin(path, path);
    throw unusable(`"${path}" is neither a .js nor a .wasm file`, 'Name a plugin that ships, or a file.');
  }
  const file = resolve(path);
  if (!existsSync(file)) throw unusable(`there is no file ${file}`, 'Check the `path` of the plugin.');
  return { name: basename(file, extname(file)), file, language, shipped: false };
}

function shippedPlugin(name: string, path: string): PluginFile {
  const folder = join(PACKAGE_ROOT, 'dist', 'plugins', name);
  const script = join(folder, 'index.js');
  if (existsSync(script)) return { name, file: script, language: 'javascript', shipped: true };
  const module = join(folder, `${name}.wasm`);
  if (existsSync(module)) return { name, file: module, language: 'webassembly', shipped: true };
  throw unusable(
    `"${path}": no plugin of this name ships`,
    'For a plugin of your own name its .js or .wasm file.',
  );
}

function unusable(message: string, hint: string): MakaiError {
  return new MakaiError('PLUGIN_UNUSABLE', message, { hint });
}
