/** `makai completion`. */
import { Argument, type Command } from 'commander';
import { write } from '../../common/stdout.js';
import type { Shell } from '../completion/index.js';

export function register(program: Command): void {
  program
    .command('completion')
    .description(
      'Print a script with which a shell completes commands and options. The Debian package installs them. bash: source <(makai completion bash).',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish'] satisfies Shell[]))
    .action(async (shell: Shell) =>
      write((await import('../completion/index.js')).completionFor(shell, program)),
    );
}
