/** What can follow on a command line, for the scripts of the shells. */
import type { Argument, Command, Option } from 'commander';

export interface Place {
  /** `makai events list` */
  path: string;
  /** other names with the same last word */
  aliases: readonly string[];
  description: string;
  /** names of the commands below */
  children: readonly { name: string; description: string }[];
  options: readonly CompletedOption[];
  /** choices of its arguments */
  choices: readonly string[];
}

export interface CompletedOption {
  /** `--json`, and `-V` where it has a short form */
  names: readonly string[];
  description: string;
  takesValue: boolean;
  choices: readonly string[];
}

/** The program and all commands below it, with `--help` among the options. */
export function placesOf(command: Command, parent?: string): Place[] {
  const path = parent === undefined ? command.name() : `${parent} ${command.name()}`;
  const children = command.commands.filter((child) => child.name() !== 'help');
  const place: Place = {
    path,
    aliases: parent === undefined ? [] : command.aliases().map((alias) => `${parent} ${alias}`),
    description: firstSentence(command.description()),
    children: children.map((child) => ({
      name: child.name(),
      description: firstSentence(child.description()),
    })),
    options: [
      ...command.options.filter(({ hidden }) => !hidden).map(completed),
      { names: ['--help', '-h'], description: 'display help', takesValue: false, choices: [] },
    ],
    choices: command.registeredArguments.flatMap((argument: Argument) => argument.argChoices ?? []),
  };
  return [place, ...children.flatMap((child) => placesOf(child, path))];
}

function completed({ argChoices, description, long, optional, required, short }: Option): CompletedOption {
  return {
    names: [long, short].filter((name) => name !== undefined),
    description: firstSentence(description),
    takesValue: required || optional,
    choices: argChoices ?? [],
  };
}

/** Shells show one line. Characters that a shell or its completion reads are left out. */
function firstSentence(text: string): string {
  const [first = ''] = text.split(/[.:;](?:\s|$)/);
  return first.replaceAll(/['"`\\$:]/g, '').replaceAll(/\s+/g, ' ');
}

/** Paths with their aliases, which lead to the same place. */
export function namesOf({ aliases, path }: Place): readonly string[] {
  return [path, ...aliases];
}

/** `'a'|'b'`, a pattern of `case`. */
export function pattern(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join('|');
}
