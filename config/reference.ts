/** The text of docs/configuration.md, made from the schemas. */
import { z } from 'zod';
import { expectedOf, infoOf, shapeOf } from './field.js';
import { KIND_NAMES, KINDS, type Kind } from './kinds.js';

const TITLES: Readonly<Record<Kind, string>> = {
  'triggering-broker': 'Triggering broker',
  'acquisition-broker': 'Acquisition broker',
  'triggering-service': 'Triggering service',
  'analysis-service': 'Analysis service',
  'web-service': 'Web service',
  gateway: 'Gateway',
};

const INTRODUCTION = `# Configuration

Each daemon reads its settings from one JSON file. It looks in this order: the path on the command line; the environment variable, which holds
the JSON itself; the default path. Settings files of the services of 2018 (v2) and 2020 (v3) are accepted. The column "from" says which of them
have a setting. Settings marked *ours* are in neither, and none of these is required.

- An unknown setting or a wrong value is refused; one error lists all mistakes. \`makai config check <file>\` lists them without
  starting anything, and also what is allowed but probably not intended.
- An endpoint that the file names is used as it is written. An endpoint that it does not name is opened on loopback, where only this machine can reach it.
- A broker without an allow-list does not start, unless \`allow_any_client\` is true.
- A file that holds a secret (a secret key, a URI with a password) is refused if users other than its owner and group can read or change it.
- The store is the first of these that the file has: \`store\`, \`mongo_uri\`, \`mongo_host\` and \`mongo_port\` (database \`opq\`). Without any it is \`sqlite:/var/lib/opq/makai.db\`.

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
    `Default path \`${paths[0]}\`${paths
      .slice(1)
      .map((path) => `, else \`${path}\``)
      .join('')}; environment variable \`${variable}\`.`,
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
