/** Scripts with which a shell completes the command line of `makai`; made from the commands themselves. */
import type { Command } from 'commander';
import { bashCompletion } from './bash.js';
import { fishCompletion } from './fish.js';
import { placesOf } from './tree.js';
import { zshCompletion } from './zsh.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export function completionFor(shell: Shell, program: Command): string {
  return SCRIPTS[shell](placesOf(program));
}
