/** PONG: a Box 2 is there. */
import type { Dropped, ReplyContext } from './context.js';

export function handlePong(
  boxId: number,
  frames: readonly Uint8Array[],
  { counts, presence }: ReplyContext,
): Dropped | undefined {
  if (frames.length > 1) return { reason: 'pong_with_data' };
  counts.pong += 1;
  presence.heardBox2(boxId);
  return undefined;
}
