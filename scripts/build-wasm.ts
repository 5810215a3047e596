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

const MODULES: readonly WasmModule[] = [
  {
    entry: 'proto/assembly/waveform.ts',
    out: 'dist/proto/waveform.wasm',
    arguments: ['--noAssert', '--runtime', 'stub', '--use', 'abort='],
  },
  {
    entry: 'signal/box-analyser/assembly/signal.ts',
    out: 'dist/signal/box-analyser/signal.wasm',
    arguments: ['--noAssert', '--runtime', 'stub', '--use', 'abort=', '--enable', 'simd'],
  },
  {
    entry: 'signal/spectrum/assembly/index.ts',
    out: 'dist/signal/spectrum/spectrum.wasm',
    arguments: ['--noAssert', '--runtime', 'stub', '--use', 'abort=', '--enable', 'simd'],
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
