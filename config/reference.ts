/** The text of docs/configuration.md, made from the schemas. */
import { z } from 'zod';
import { expectedOf, infoOf, shapeOf } from './field.js';
import { KIND_NAMES, KINDS, type Kind } from './kinds.js';

const TITLES: Readonly<Record<Kind, string>> = {
  'triggering-broker': 'Triggering broker',
  'acquisition-broker': 'Acquisition broker',
  'triggering-service': 'Triggering service',
};

const INTRODUCTION = `# Configuration

Each daemon reads one JSON file. It is looked for in this order: the path on the command line; the environment variable, which holds
the JSON itself; the default path. Existing files are accepted as they are: v2 (of 2018) and v3 (of 2020). The column "from" below says
which have a setting, and *ours* marks what neither has. No setting of ours is required.

- An unknown setting or a wrong value is refused; one error lists all mistakes. \`makai config check <file>\` lists them without
  starting anything, and also what is allowed but probably not intended.
- Endpoints that a file names are used as they are. One that it leaves out is opened on loopback, where only this machine reaches it.
- A broker without an allow-list does not start, unless \`allow_any_client\` is true.
- A file that holds a secret (a secret key, a URI with a password) is refused if users other than its owner and group can read or change it.
- The store is \`store\`, else \`mongo_uri\`, else \`mongo_host\` and \`mongo_port\` (database \`opq\`), else \`sqlite:/var/lib/opq/makai.db\`.

\`makai config example <daemon>\` prints a file to start from.
`;

/** Markdown of the whole reference. */
export function configReference(): string {
  return [INTRODUCTION, ...KIND_NAMES.map(section)].join('\n');
}

function section(kind: Kind): string {
  const { schema, variable, paths } = KINDS[kind];
  return [
    `## ${TITLES[kind]}`,
    '',
    `Default path \`${paths[0]}\`${paths.slice(1).map((path) => ` (else \`${path}\`)`)}; environment variable \`${variable}\`.`,
    '',
    '| setting | what it is | expected | default | from |',
    '|---|---|---|---|---|',
    ...rows(schema, ''),
    '',
  ].join('\n');
}

function rows(schema: z.core.$ZodType, prefix: string): string[] {
  return Object.entries(shapeOf(schema) ?? {}).flatMap(([name, inner]) => {
    const info = infoOf(inner);
    if (!info) throw new Error(`${prefix}${name} has no title and description`);
    const isObject = shapeOf(inner) !== undefined;
    const expected = isObject ? 'an object:' : (expectedOf(inner) ?? '').replaceAll(/"([^"]+)"/g, '`$1`');
    const cells = [`\`${prefix}${name}\``, `**${info.title}.** ${info.description}`, expected];
    const last = [
      isObject && !info.defaultText ? '' : defaultText(inner, info.defaultText),
      info.from === 'ours' ? '*ours*' : info.from,
    ];
    const row = `| ${[...cells, ...last].map(cell).join(' | ')} |`;
    return [row, ...rows(inner, `${prefix}${name}.`)];
  });
}

function defaultText(schema: z.core.$ZodType, said: string | undefined): string {
  if (said !== undefined) return said;
  return schema instanceof z.ZodDefault ? `\`${JSON.stringify(schema.def.defaultValue)}\`` : 'none';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
