/** How a Box 3 reads what reaches it: for the simulated box. */
import { tagsOf } from '../wire.js';

/**
 * True for a Command without its oneof (fields 5 to 8 as messages), which kills a Box 3.
 * @throws DecodeError for bytes that are no message at all: a Box 3 ignores those
 */
export function lacksCommandBody(frame: Uint8Array): boolean {
  for (const tag of tagsOf(frame))
    if (tag === 0x2a || tag === 0x32 || tag === 0x3a || tag === 0x42) return false;
  return true;
}
