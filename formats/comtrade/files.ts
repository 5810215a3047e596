/** Finds the files of a COMTRADE recording: CFG, DAT, and HDR and INF where they are there. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { unreadable } from '../problems.js';
import type { ComtradeParts } from './parts.js';

/**
 * @param file any of the recording's files; the others lie beside it under the same name, in upper or lower case
 * @param read reads a file, within the caller's bounds
 * @param config the CFG's bytes, where `file` is it, whatever its name
 * @throws MakaiError RECORDING_INVALID when CFG or DAT is missing; the system's error when a file cannot be read
 */
export function comtradeFiles(
  file: string,
  read: (file: string) => Uint8Array,
  config?: Uint8Array,
): ComtradeParts {
  const { dir, name } = path.parse(file);
  const folder = dir === '' ? '.' : dir;
  const entries = readdirSync(folder);
  const part = (extension: string) => {
    const wanted = `${name}${extension}`;
    // the same case as the file that was named comes first, where two differ only in case
    const found =
      entries.find((entry) => entry === wanted) ??
      entries.find((entry) => entry.toLowerCase() === wanted.toLowerCase());
    if (found === undefined) return undefined;
    const place = path.join(folder, found);
    return { file: place, bytes: read(place) };
  };
  const [beside, dat, hdr, inf] = ['.cfg', '.dat', '.hdr', '.inf'].map(part);
  const cfg = config === undefined ? beside : { file, bytes: config };
  const missing = cfg === undefined ? '.cfg' : '.dat';
  if (cfg === undefined || dat === undefined) {
    throw unreadable(
      { file },
      `no ${name}${missing} beside it`,
      'A COMTRADE recording is a .cfg and a .dat of the same name.',
    );
  }
  return { cfg, dat, ...(hdr !== undefined && { hdr }), ...(inf !== undefined && { inf }) };
}
