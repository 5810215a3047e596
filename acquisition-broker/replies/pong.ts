/** PONG: a Box 2 is there. */
import type { ReplyContext } from './context.js';

export function handlePong(boxId: number, frames: readonly Uint8Array[], context: ReplyContext): void {
  if (frames.length > 1) return context.rejections.count('pong_with_data', String(boxId));
  context.counts.pong += 1;
  context.presence.heardBox2(boxId);
}
