/** How an error is reported to a person on stderr, and the exit codes of the program. */
import { MakaiError, messageOf } from './errors.js';
import { isJournal, PRIORITY, withPriority } from './journal.js';

/** `notThere`: nothing has the id or name that was given (no such event, incident, box, user, ...). */
export const EXIT = { done: 0, failed: 1, usage: 2, notThere: 3 } as const;

/** Message, code and hint on a few lines; without a stack, unless MAKAI_DEBUG is set. */
export function describeError(error: unknown): string {
  if (process.env.MAKAI_DEBUG && error instanceof Error) return error.stack ?? error.message;
  const code = error instanceof MakaiError ? ` [${error.code}]` : '';
  const hint = error instanceof MakaiError && error.hint !== undefined ? `\nhint: ${error.hint}` : '';
  return `error${code}: ${messageOf(error)}${hint}`;
}

/** Writes an error to stderr, with its priority if that is systemd's journal. */
export function reportError(error: unknown): void {
  const text = `${describeError(error)}\n`;
  process.stderr.write(isJournal() ? withPriority(text, PRIORITY.error) : text);
}
