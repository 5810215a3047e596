/** Errors about a file's content: always with the file and the place in it. */
import { MakaiError } from '../common/errors.js';

/** Where in a file. Text has lines, from 1 on; binary files have bytes, from 0 on. */
export interface Place {
  /** as the user named it; the part of a COMTRADE recording that is meant, not its CFG always */
  file: string;
  line?: number;
  byte?: number;
}

export function placeText({ file, line, byte }: Place): string {
  if (line !== undefined) return `${file}, line ${line}`;
  return byte === undefined ? file : `${file}, byte ${byte}`;
}

/**
 * An error about a file that cannot be read.
 * @param message what was expected and what was found
 * @param hint what the user can do
 */
export function unreadable(
  place: Place,
  message: string,
  hint = 'Check the file and the options.',
): MakaiError {
  return new MakaiError('RECORDING_INVALID', `${placeText(place)}: ${message}`, { hint });
}

/** An error about a recording that a format cannot hold: a value out of its range, no channel to write. */
export function unwritable(format: string, message: string, hint: string): MakaiError {
  return new MakaiError('RECORDING_INVALID', `cannot be written as ${format}: ${message}`, { hint });
}

/** At most 60 characters of what was found, without control characters, for messages. */
export function shown(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}]/gu, '�');
  return clean.length > 60 ? `${clean.slice(0, 60)}…` : clean;
}
