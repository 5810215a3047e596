/**
 * Errors with a code and a hint. A caller decides by `code`, a person reads `message` (what was wrong, and where)
 * and `hint` (what to do). The catalogue is `error-codes.ts`; `docs/errors.md` is generated from it.
 */
import type { ErrorCode } from './error-codes.js';

export class MakaiError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MakaiError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** The message of whatever was thrown. Never includes a stack, so it can be shown to a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system, zeromq or Makai error, or undefined. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
