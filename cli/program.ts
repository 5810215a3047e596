/** The `makai` program: every subcommand is named here, none registers itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { register as config } from './commands/config.js';

/** Adds one subcommand to the program. */
export type Register = (program: Command) => void;

const COMMANDS: readonly Register[] = [config];

/** A program with all subcommands, that throws CommanderError instead of ending the process. */
export function buildProgram(): Command {
  const program = new Command('makai')
    .description('Power-quality acquisition backend for OPQ Boxes.')
    .version(packageVersion())
    .showHelpAfterError('(add --help for usage)')
    .exitOverride();
  for (const register of COMMANDS) register(program);
  return program;
}

export function packageVersion(): string {
  const text = readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** All commands below one, depth first. */
export function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}
