/** Exit codes of errors. */
import { CommanderError } from 'commander';
import { codeOf } from '../common/errors.js';
import { EXIT } from '../common/report-error.js';

/** Wrong use of a command that commander itself cannot see. */
export class UsageError extends Error {}

/** Exit code of what a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  return error instanceof UsageError ? EXIT.usage : EXIT.failed;
}

/** A reader that closed the pipe (`makai ... | head`) is not a failure. */
export function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error) => {
    if (codeOf(error) === 'EPIPE') process.exit(EXIT.done);
    throw error;
  });
}
