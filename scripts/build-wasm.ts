/** `npm run build:wasm`: compiles the package's WebAssembly modules from AssemblyScript into dist/. They are never committed. */
import { appendFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { VERSION } from '../common/version.js';

/**
 * Arguments of `asc` for a plugin of ours. No import but the host's: a failed assertion goes to the
 * log by the library's own `abort`. The minimal runtime frees memory when the library says so, between two calls.
 */
const PLUGIN_ARGUMENTS: readonly string[] = [
  '--runtime',
  'minimal',
  '--use',
  'abort=plugins/sdk/assemblyscript/assembly/log/abort',
];

interface WasmModule {
  entry: string;
  /** below the package */
  out: string;
  arguments: readonly string[];
  /** plugins say their version (makai status shows it) */
  version?: string;
}

const plugin = (name: string): WasmModule => ({
  entry: `plugins/${name}/assembly/index.ts`,
  out: `dist/plugins/${name}/${name}.wasm`,
  arguments: PLUGIN_ARGUMENTS,
  version: VERSION,
});

const MODULES: readonly WasmModule[] = [
  {
    entry: 'proto/assembly/waveform.ts',
    out: 'dist/proto/waveform.wasm',
    arguments: ['--noAssert', '--runtime', 'stub', '--use', 'abort='],
  },
  plugin('napali'),
];

for (const { entry, out, arguments: more, version } of MODULES) {
  const { error, stderr } = await asc.main([entry, '-O3', '--baseDir', PACKAGE_ROOT, '-o', out, ...more]);
  if (error) {
    process.stderr.write(`${stderr.toString()}${entry}: ${error.message}\n`);
    process.exit(1);
  }
  if (version !== undefined) appendFileSync(`${PACKAGE_ROOT}/${out}`, versionSection(version));
}

/** The custom section `makai.version`, which can stand anywhere in a module: the version that the host shows. At most 100 characters. */
function versionSection(version: string): Uint8Array {
  const name = Buffer.from('makai.version');
  const content = Buffer.concat([Buffer.from([name.length]), name, Buffer.from(version.slice(0, 100))]);
  // a length below 128 is one byte of LEB128
  if (content.length > 127) throw new RangeError('version too long');
  return Buffer.concat([Buffer.from([0, content.length]), content]);
}
