/** The tags of a message's fields without its content: enough to recognise the dialect. */
import { DecodeError } from './codec.js';
import { WireReader } from './wire-reader.js';

/**
 * The tags (field number × 8 + wire type) of a message's own fields, in the order on the wire; what a length-delimited field or a
 * group holds is skipped.
 * @throws DecodeError where a field is cut off or no field
 */
export function* tagsOf(frame: Uint8Array): Generator<number> {
  const reader = new WireReader();
  reader.open(frame);
  while (reader.pos < reader.limit) {
    const tag = reader.tag();
    if (!reader.problem) yield tag;
    reader.skip(tag, 0);
    if (reader.problem) throw new DecodeError('cut off, or no field');
  }
}
