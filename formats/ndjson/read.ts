/** Reads NDJSON: one object a line; blank lines are skipped. */
import { messageOf } from '../../common/errors.js';
import { type Place, shown, unreadable } from '../problems.js';
import { decodeText, Lines } from '../text.js';
import { Warnings } from '../warnings.js';

/** A longer line is no document of ours (a measurement has 200 characters, an incident with 1,000 of them half a million). */
const MAX_LINE = 20_000_000;

/**
 * The documents of a file, one after the other.
 * @throws MakaiError RECORDING_INVALID with the line, for one that is no JSON object; what stood before it has been given
 */
export function* readNdjson(bytes: Uint8Array, file: string): Generator<Readonly<Record<string, unknown>>> {
  const place = { file };
  const { text } = decodeText(bytes, place, new Warnings());
  const lines = new Lines(text);
  for (let line = lines.next(); line !== undefined; line = lines.next())
    yield documentOf(line.text, { ...place, line: line.number });
}

function documentOf(text: string, place: Place): Readonly<Record<string, unknown>> {
  if (text.length > MAX_LINE) throw unreadable(place, `${text.length} characters, more than ${MAX_LINE}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(
      place,
      `is no JSON (${messageOf(error)})`,
      'A last line without its end means that the file was cut off.',
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw unreadable(place, `is no object: ${shown(text)}`, 'NDJSON has one object a line.');
}
