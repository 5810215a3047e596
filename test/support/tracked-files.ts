/** The files of the project, below its root. */
import { execFileSync } from 'node:child_process';
import { PACKAGE_ROOT } from '../../common/package-root.js';

/** Files that git tracks, or would track: new ones that no .gitignore names. Empty where there is no git checkout. */
export function trackedFiles(): string[] {
  try {
    const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
      cwd: PACKAGE_ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return [...new Set(list.split('\n').filter((file) => file !== ''))];
  } catch {
    // A copy without .git: the check is for those who change the project.
    return [];
  }
}
