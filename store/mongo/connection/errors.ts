/**
 * What the driver or the server says, sorted by what we do about it: the server is unavailable (keep the data, try again), it refuses this
 * very document (trying again will not help), it does not let us in, or the programme is wrong.
 */
import { MongoError, MongoServerError } from 'mongodb';
import { MakaiError, messageOf } from '../../../common/errors.js';

/** Duplicate key: the code every server uses. */
export const DUPLICATE_KEY = 11000;

/** Server codes that speak of the document, not of the server (names from MongoDB's error code list). */
const REFUSED = new Set([
  2, // BadValue
  9, // FailedToParse
  14, // TypeMismatch
  121, // DocumentValidationFailure
  10334, // BSONObjectTooLarge
  DUPLICATE_KEY,
  17280, // KeyTooLong
]);

/** 13 Unauthorized, 18 AuthenticationFailed, 8000 AtlasError (what a hosted server gives for a wrong login). */
const DENIED = new Set([13, 18, 8000]);

/** Looking a name up, or connecting: what fails here fails before any server has seen a document. */
const NETWORK_CALLS = /^(query|getaddrinfo|connect)/;

/**
 * An error of the network that the driver hands on as it is: a name of mongodb+srv:// that cannot be looked up. (A file that cannot be read, a key that
 * is none, come as plain errors too; those are mistakes.)
 */
function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error) || !('syscall' in error)) return false;
  return typeof error.syscall === 'string' && NETWORK_CALLS.test(error.syscall);
}

/** The server's numeric error code, or undefined for an error that did not come from a server. */
export function serverCode(error: unknown): number | undefined {
  if (error instanceof MongoServerError && typeof error.code === 'number') return error.code;
  return undefined;
}

/**
 * The Makai error for whatever the driver threw.
 * @param doing what was being done, as the object of "could not": "insert measurements"
 */
export function storeError(error: unknown, doing: string): MakaiError {
  if (error instanceof MakaiError) return error;
  const code = serverCode(error);
  const message = `could not ${doing}: ${messageOf(error)}`;
  if (code !== undefined && DENIED.has(code)) {
    return new MakaiError('STORE_ACCESS_DENIED', message, {
      hint: 'Check user, password and authSource of the MongoDB URI, and that the user has the role readWrite on the database.',
      cause: error,
    });
  }
  const isAnswer = code !== undefined && REFUSED.has(code);
  if (isAnswer || !(error instanceof MongoError || isNetworkError(error))) {
    return new MakaiError('STORE_REFUSED', message, {
      hint: 'A validator, another unique index or a size limit stands in the way; `makai store check` lists what it finds.',
      cause: error,
    });
  }
  return new MakaiError('STORE_UNAVAILABLE', message, {
    hint: 'Check that MongoDB runs, that the URL is right and that the network lets us through.',
    cause: error,
  });
}

/** Runs `work` and turns what it throws into a MakaiError. */
export async function mapped<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeError(error, doing);
  }
}
