/** The golden frames, read in place; absent in a checkout of the project alone. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

export const SHARED = join(PACKAGE_ROOT, '../shared/data');
export const hasGolden = existsSync(join(SHARED, 'golden'));

/** The frames of one file. */
export function goldenFrames(name: string): Buffer[] {
  const file = JSON.parse(readFileSync(join(SHARED, 'golden', `${name}.json`), 'utf8')) as {
    frames_hex: string[];
  };
  return file.frames_hex.map((hex) => Buffer.from(hex, 'hex'));
}

/** The first frame of one file. */
export function goldenFrame(name: string): Buffer {
  const [frame] = goldenFrames(name);
  if (frame === undefined) throw new Error(`${name} has no frames`);
  return frame;
}
