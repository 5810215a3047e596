import assert from 'node:assert/strict';
import { readCff, readComtrade } from '../../../formats/comtrade/index.js';
import type { FileContent, WrittenFile } from '../../../formats/index.js';

/** Reads what was just written. */
export function readBack(files: readonly WrittenFile[]): FileContent {
  const find = (extension: string) => files.find((file) => file.extension === extension)?.bytes;
  const cff = find('.cff');
  if (cff !== undefined) return readCff(cff, 'a.cff');
  const [cfg, dat, hdr] = ['.cfg', '.dat', '.hdr'].map(find);
  assert.ok(cfg && dat);
  return readComtrade({
    cfg: { file: 'a.cfg', bytes: cfg },
    dat: { file: 'a.dat', bytes: dat },
    ...(hdr !== undefined && { hdr: { file: 'a.hdr', bytes: hdr } }),
  });
}
