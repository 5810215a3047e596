/** Exit codes of errors. */
import { CommanderError } from 'commander';
import { codeOf, MakaiError, messageOf } from '../common/errors.js';
import { EXIT, reportError } from '../common/report-error.js';

/** Wrong use of a command that commander itself cannot see. */
export class UsageError extends Error {}

/** Exit code of what a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof MakaiError && error.code === 'NOT_FOUND' ? EXIT.notThere : EXIT.failed;
}

/** A reader that closed the pipe (`makai ... | head`) is not a failure. What cannot be written for another reason (a full disk) ends the command with one line. */
export function endWhenOutputFails(): void {
  process.stdout.on('error', (error) => {
    if (codeOf(error) === 'EPIPE') process.exit(EXIT.done);
    reportError(
      new MakaiError('OUTPUT_NOT_WRITTEN', `what this command prints cannot be written: ${messageOf(error)}`),
    );
    process.exit(EXIT.failed);
  });
  // Nobody reads what goes wrong: that is no reason to fail in another way.
  process.stderr.on('error', () => undefined);
}
