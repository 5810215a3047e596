/** The C programs of bench/peers, compiled when they are missing or older than their source. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

export const PEER_SOURCES = join(PACKAGE_ROOT, 'bench/peers');
const isHeader = (file: string): boolean => file.endsWith('.h');
const inSources = (file: string): string => join(PEER_SOURCES, file);
const mtimeMs = (file: string): number => statSync(file).mtimeMs;
const BUILD = join(PACKAGE_ROOT, 'build/peers');

/**
 * Path of a compiled peer.
 * @throws Error that says what to install if the compiler or the library is missing
 */
export function peer(name: 'broker' | 'fleet' | 'hold' | 'load' | 'mqtt' | 'stream' | 'viewers'): string {
  const source = join(PEER_SOURCES, `${name}.c`);
  const program = join(BUILD, name);
  const [library, packages] =
    name === 'mqtt' ? ['-lmosquitto', 'libmosquitto-dev'] : ['-lzmq', 'libzmq3-dev'];
  const written = [source, ...readdirSync(PEER_SOURCES).filter(isHeader).map(inSources)].map(mtimeMs);
  if (existsSync(program) && mtimeMs(program) > Math.max(...written)) return program;
  mkdirSync(BUILD, { recursive: true });
  try {
    execFileSync('cc', ['-O2', '-Wall', '-o', program, source, library, '-pthread'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    throw new Error(
      `cannot compile ${source}: a C compiler, its library and headers are needed (Debian: gcc ${packages})`,
      { cause: error },
    );
  }
  return program;
}
