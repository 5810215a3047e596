/** Errors as problem documents (RFC 9457): the HTTP status of each code, and what a client may know. */
import { ERROR_CODES, type ErrorCode } from '../../common/error-codes.js';
import { MakaiError, messageOf } from '../../common/errors.js';
import type { Problem } from '../api/common.js';

export const PROBLEM_TYPE = 'application/problem+json';

/** Codes that a client can meet; every other one is 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  BOX_EXISTS: 409,
  BOX_NAME_TAKEN: 409,
  CHROMIUM_FAILED: 502,
  CHROMIUM_MISSING: 501,
  KEY_FILE_IO: 409,
  KEY_INVALID: 422,
  LOGIN_FAILED: 401,
  LOGIN_REQUIRED: 401,
  NOT_FOUND: 404,
  NOT_PERMITTED: 403,
  RECORDING_INVALID: 422,
  REQUEST_INVALID: 400,
  STORE_ACCESS_DENIED: 503,
  STORE_DAMAGED: 500,
  STORE_REFUSED: 422,
  STORE_UNAVAILABLE: 503,
  TIMEOUT: 504,
  TOO_MANY_REQUESTS: 429,
  USER_EXISTS: 409,
};

export interface WrongField {
  path: string;
  message: string;
}

/** A request that is refused: what is wrong in it. */
export class RequestError extends MakaiError {
  constructor(
    message: string,
    readonly errors: readonly WrongField[] = [],
    readonly status = 400,
  ) {
    super('REQUEST_INVALID', message);
  }
}

/** @param extra fields that belong to the code and status, of a code with several statuses */
function problem(code: ErrorCode, status: number, detail: string, hint?: string): Problem {
  const { action, meaning } = ERROR_CODES[code];
  return { type: `/api/docs#${code}`, title: meaning, status, detail, code, hint: hint ?? action };
}

/** The document, and whether the error is a fault of ours, to be logged. */
export function problemOf(error: unknown): { problem: Problem; isOurs: boolean } {
  if (error instanceof RequestError) {
    const { errors, hint, message, status } = error;
    const base = problem('REQUEST_INVALID', status, message, hint);
    return { problem: errors.length === 0 ? base : { ...base, errors: [...errors] }, isOurs: false };
  }
  if (error instanceof MakaiError) {
    const status = STATUS[error.code];
    if (status !== undefined)
      return { problem: problem(error.code, status, error.message, error.hint), isOurs: status === 500 };
  }
  const status = statusOf(error);
  if (status !== undefined)
    return { problem: problem('REQUEST_INVALID', status, messageOf(error)), isOurs: false };
  // What failed may name files and addresses: it is in the log, not in the reply.
  return { problem: problem('INTERNAL_ERROR', 500, 'the request failed'), isOurs: true };
}

/** Of an error of fastify's own that the client caused. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  const { statusCode } = error;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : undefined;
}
