/** Whether a file is there, where a folder that may not be entered is an answer of its own. */
import { statSync } from 'node:fs';
import type { ErrorCode } from './error-codes.js';
import { codeOf, MakaiError, messageOf } from './errors.js';

/**
 * @param code of the error
 * @returns false only where the file does not exist
 * @throws MakaiError `code` where it cannot be known: a folder above it may not be entered
 */
export function isThere(path: string, code: ErrorCode): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return false;
    throw new MakaiError(code, `${path} cannot be looked for: ${messageOf(error)}`, {
      hint: 'Run the command as a user who may enter the folder: root, or opq (sudo -u opq makai ...).',
      cause: error,
    });
  }
}
