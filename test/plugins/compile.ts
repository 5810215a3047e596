/** AssemblyScript compiled for a test, with the arguments of our plugins. */
import assert from 'node:assert/strict';
import asc from 'assemblyscript/asc';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { PLUGIN_ARGUMENTS } from '../../scripts/assemblyscript.js';

/** @param entry below the package */
export async function compile(entry: string): Promise<Uint8Array<ArrayBuffer>> {
  const written = new Map<string, Uint8Array | string>();
  const { error, stderr } = await asc.main(
    [entry, '-O3', '--baseDir', PACKAGE_ROOT, '-o', 'out.wasm', ...PLUGIN_ARGUMENTS],
    {
      writeFile: (name: string, content: Uint8Array | string) => void written.set(name, content),
    },
  );
  assert.equal(error, null, String(stderr));
  const bytes = written.get('out.wasm');
  assert.ok(bytes instanceof Uint8Array);
  return Uint8Array.from(bytes);
}
