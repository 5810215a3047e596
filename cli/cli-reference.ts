/** The text of docs/cli.md, made from the commands themselves. */
import type { Argument, Command, Option } from 'commander';

const INTRODUCTION = `# The \`makai\` command

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing has the id or name that was given (error code NOT_FOUND: no such event, incident, box, series,
user, token, key, instance). Errors go to stderr with their code and a hint. With \`--json\` a command prints NDJSON (one JSON document per line), with the field names of the data model.
`;

/** Markdown of the whole command line. */
export function cliReference(program: Command): string {
  return [INTRODUCTION, ...program.commands.flatMap((command) => sections(command, 'makai'))].join('\n');
}

function sections(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  const inner = command.commands.flatMap((child) => sections(child, name));
  if (inner.length > 0) return [`## ${name}\n\n${command.description()}\n`, ...inner];
  const level = parent === 'makai' ? '##' : '###';
  const usage = [
    name,
    ...command.registeredArguments.map(argumentTerm),
    ...(command.options.length > 0 ? ['[options]'] : []),
  ];
  const rows = [
    ...command.registeredArguments.map(argumentRow),
    ...command.options.filter((option) => !option.hidden).map(optionRow),
  ];
  const table = rows.length > 0 ? ['| | |', '|---|---|', ...rows, ''] : [];
  return [
    [`${level} ${name}`, '', command.description(), '', '```', usage.join(' '), '```', '', ...table].join(
      '\n',
    ),
  ];
}

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function argumentRow(argument: Argument): string {
  return row(argumentTerm(argument), argument.description, argument.argChoices, argument.defaultValue);
}

function optionRow(option: Option): string {
  return row(
    option.flags,
    option.description,
    option.argChoices,
    option.defaultValueDescription ?? option.defaultValue,
  );
}

function row(
  term: string,
  description: string,
  choices: readonly string[] | undefined,
  fallback: unknown,
): string {
  const words = [description];
  if (choices) words.push(`One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`);
  if (fallback !== undefined)
    words.push(`Default: \`${typeof fallback === 'string' ? fallback : JSON.stringify(fallback)}\`.`);
  const cells = [`\`${term}\``, words.map(sentence).join(' ')].map((text) => text.replaceAll('|', '\\|'));
  return `| ${cells.join(' | ')} |`;
}

/** A sentence with a capital letter, unless it begins with a URL scheme, an abbreviation with digits or code. */
function sentence(text: string): string {
  const isWord = /^[a-z]+(-[a-z]+)*[\s,;.']/.test(text);
  const start = isWord ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(text) ? start : `${start}.`;
}
