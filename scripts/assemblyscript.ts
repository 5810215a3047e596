/** How our plugins in AssemblyScript are compiled: what `npm run build:wasm` and tests share. */

/**
 * Arguments of `asc` for a plugin of ours. No import but the host's: a failed assertion goes to the
 * log by the library's own `abort`. The minimal runtime frees memory when the library says so, between two calls.
 */
export const PLUGIN_ARGUMENTS: readonly string[] = [
  '--runtime',
  'minimal',
  '--use',
  'abort=plugins/sdk/assemblyscript/assembly/log/abort',
];

/** The custom section `makai.version`, which can stand anywhere in a module: the version that the host shows. At most 100 characters. */
export function versionSection(version: string): Uint8Array {
  const name = Buffer.from('makai.version');
  const content = Buffer.concat([Buffer.from([name.length]), name, Buffer.from(version.slice(0, 100))]);
  // a length below 128 is one byte of LEB128
  if (content.length > 127) throw new RangeError('version too long');
  return Buffer.concat([Buffer.from([0, content.length]), content]);
}
