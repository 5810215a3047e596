/** Files that were compressed with gzip are read as what is in them, within bounds. */
import { gunzipSync } from 'node:zlib';
import { codeOf } from '../common/errors.js';
import { unreadable } from './problems.js';

/** What comes out of it at most: a bomb of some kilobytes could become gigabytes. */
export const MAX_UNPACKED_BYTES = 200_000_000;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/** @throws MakaiError RECORDING_INVALID for a damaged file, and for one that unpacks to more than `most` bytes */
export function unpack(bytes: Uint8Array, file: string, most = MAX_UNPACKED_BYTES): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: most });
  } catch (error) {
    const large = codeOf(error) === 'ERR_BUFFER_TOO_LARGE';
    throw unreadable(
      { file },
      large ? `it unpacks to more than ${most} bytes` : 'it is compressed with gzip, and damaged',
      'Unpack it yourself (gunzip) and name what comes out.',
    );
  }
}
