/** From what a plugin's `path` means (config/plugins.ts) to the file that is loaded. */
import { basename, extname, join } from 'node:path';
import { MakaiError } from '../common/errors.js';
import { isThere } from '../common/is-there.js';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { resolvePlugin as targetOf } from '../config/plugins.js';
import type { PluginLanguage } from './loaded-plugin.js';

export interface PluginFile {
  /** short name: of a shipped plugin, or of the file without its ending */
  name: string;
  /** absolute */
  file: string;
  language: PluginLanguage;
  shipped: boolean;
}

/**
 * @param path a `.js` or `.wasm` file, the short name of a shipped plugin, or the `lib<name>_plugin.so` of an older configuration
 * @throws MakaiError PLUGIN_UNUSABLE
 */
export function resolvePlugin(path: string): PluginFile {
  const target = targetOf(path);
  if (target.kind === 'refused') throw new MakaiError('PLUGIN_UNUSABLE', target.reason);
  if (target.kind === 'shipped') {
    const { name } = target;
    const wasm = target.language === 'wasm';
    const file = join(PACKAGE_ROOT, 'dist/plugins', name, wasm ? `${name}.wasm` : 'index.js');
    return { name, file, language: wasm ? 'webassembly' : 'javascript', shipped: true };
  }
  if (!isThere(target.path, 'PLUGIN_UNUSABLE')) {
    throw new MakaiError('PLUGIN_UNUSABLE', `there is no file ${target.path}`, {
      hint: 'Check the `path` of the plugin; a relative one starts from the working directory.',
    });
  }
  return {
    name: basename(target.path, extname(target.path)),
    file: target.path,
    language: target.language === 'wasm' ? 'webassembly' : 'javascript',
    shipped: false,
  };
}
