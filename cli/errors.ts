/** How an error is told to a person, and which exit code it has. */
import { CommanderError } from 'commander';
import { codeOf, MakaiError, messageOf } from '../common/errors.js';
import { isJournal, PRIORITY, withPriority } from '../common/journal.js';

export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Wrong use of a command that commander itself cannot see. */
export class UsageError extends Error {}

/** Exit code of what a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  return error instanceof UsageError ? EXIT.usage : EXIT.failed;
}

/** Message, code and hint on a few lines; without a stack, unless MAKAI_DEBUG is set. */
export function describeError(error: unknown): string {
  if (process.env.MAKAI_DEBUG && error instanceof Error) return error.stack ?? error.message;
  const code = error instanceof MakaiError ? ` [${error.code}]` : '';
  const hint = error instanceof MakaiError && error.hint !== undefined ? `\nhint: ${error.hint}` : '';
  return `error${code}: ${messageOf(error)}${hint}`;
}

/** Tells an error on stderr (with its priority, if that is systemd's journal). Commander has already told its own. */
export function tell(error: unknown): void {
  if (error instanceof CommanderError) return;
  const text = `${describeError(error)}\n`;
  process.stderr.write(isJournal() ? withPriority(text, PRIORITY.error) : text);
}

/** A reader that went away (`makai ... | head`) is no failure. */
export function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error) => {
    if (codeOf(error) === 'EPIPE') process.exit(EXIT.done);
    throw error;
  });
}
