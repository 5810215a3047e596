/** Compiles our plugins in AssemblyScript; shared by `npm run build:wasm` and tests. */

/**
 * Arguments of `asc` for our plugins. The module imports only functions of the host: a failed assertion goes to the
 * log through the SDK's own `abort`. The minimal runtime frees memory when the SDK calls it, between two calls.
 */
export const PLUGIN_ARGUMENTS: readonly string[] = [
  '--runtime',
  'minimal',
  '--use',
  'abort=plugins/sdk/assemblyscript/assembly/log/abort',
];

/** The custom section `makai.version`, which may be anywhere in a module: the version that the host shows. At most 100 characters. */
export function versionSection(version: string): Uint8Array {
  const name = Buffer.from('makai.version');
  const content = Buffer.concat([Buffer.from([name.length]), name, Buffer.from(version.slice(0, 100))]);
  // a length below 128 takes one byte in LEB128
  if (content.length > 127) throw new RangeError('version too long');
  return Buffer.concat([Buffer.from([0, content.length]), content]);
}
