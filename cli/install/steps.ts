/** Steps that can be printed before they are executed, and the files that they look at. */
import { chmodSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, MakaiError, messageOf } from '../../common/errors.js';

export interface Step {
  /** one line for a person; further lines are details */
  text: string;
  /** what is done with `--yes`; lines that only the work itself shows are reported */
  run(report: (line: string) => void): void;
}

/** A step that only says what stays. */
export function leave(text: string): Step {
  return { text, run: () => undefined };
}

/**
 * Text of a file.
 * @returns undefined where it does not exist
 * @throws MakaiError INSTALL_FAILED where that cannot be known
 */
export function textAt(path: string): string | undefined {
  return unlessMissing(path, () => readFileSync(path, 'utf8'));
}

/** Whether there is something with this name, also a link that leads nowhere. @throws MakaiError INSTALL_FAILED */
export function isAt(path: string): boolean {
  return unlessMissing(path, () => lstatSync(path)) !== undefined;
}

function unlessMissing<T>(path: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw new MakaiError('INSTALL_FAILED', `${path} cannot be read: ${messageOf(error)}`, {
      hint: 'Run the command as root.',
      cause: error,
    });
  }
}

/** Writes a file and the folders above it; the mode holds also if the file existed before. */
export function put(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
}

/** Executes the steps in order, independent of the caller's umask. @throws MakaiError INSTALL_FAILED, which names the failed step */
export function perform(steps: readonly Step[], report: (line: string) => void): void {
  const umask = process.umask(0o022);
  try {
    for (const { text, run } of steps) {
      report(text);
      try {
        run(report);
      } catch (error) {
        throw new MakaiError('INSTALL_FAILED', `could not ${text.split('\n')[0]}: ${messageOf(error)}`, {
          hint: 'Run the command as root.',
          cause: error,
        });
      }
    }
  } finally {
    process.umask(umask);
  }
}
