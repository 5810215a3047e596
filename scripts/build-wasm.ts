/** `npm run build:wasm`: compiles the package's WebAssembly modules from AssemblyScript into dist/. They are never committed. */
import { appendFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { VERSION } from '../common/version.js';
import { PLUGIN_ARGUMENTS, versionSection } from './assemblyscript.js';

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

const library = (entry: string, out: string, more: readonly string[]): WasmModule => ({
  entry,
  out: `dist/${out}`,
  arguments: ['--noAssert', '--runtime', 'stub', '--use', 'abort=', ...more],
});
const SIMD = ['--enable', 'simd'];

const MODULES: readonly WasmModule[] = [
  library('proto/assembly/waveform.ts', 'proto/waveform.wasm', []),
  library('signal/box-analyser/assembly/signal.ts', 'signal/box-analyser/signal.wasm', SIMD),
  library('signal/spectrum/assembly/index.ts', 'signal/spectrum/spectrum.wasm', SIMD),
  library('formats/comtrade/assembly/interleave.ts', 'formats/comtrade/interleave.wasm', SIMD),
  library('formats/pqdif/assembly/adler32.ts', 'formats/pqdif/adler32.wasm', SIMD),
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
