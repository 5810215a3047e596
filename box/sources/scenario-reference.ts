/** The text of docs/scenarios.md, generated from the schema and the scenarios that ship. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { loadScenario } from './load-scenario.js';
import { SCENARIO_SCHEMA } from './scenario.js';

/** The part of JSON Schema that is used here. */
interface Schema {
  type?: string;
  const?: unknown;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
}

const INTRODUCTION = `# Scenarios: the grid that simulated boxes see

A scenario is a JSON file that describes a simulated grid: its voltage, frequency, harmonics and noise, and disturbances such as sags. \`makai up --scenario FILE\` and
\`makai box --source FILE\` play it in a loop (\`makai box --once\` plays it once). In place of a file, both accept the name of a scenario that comes with Makai: \`demo\` or
\`quiet\`. The same file always gives the same samples, and the waveform is continuous from loop to loop. All mistakes in a file are reported together, each with its
path.

In a scenario, boxes are numbered by position: 1 is the first box, whatever its id. All boxes see the same frequency. Each box has its own noise and its own
slow voltage variation; there are sixteen different ones, which larger fleets share.

\`\`\`json
{
  "name": "one sag",
  "duration_s": 60,
  "events": [{ "type": "sag", "at_s": 20, "duration_s": 0.5, "to_pu": 0.8, "boxes": [1] }]
}
\`\`\`
`;

const WHAT_EVENTS_ARE: Record<string, string> = {
  sag: 'The voltage falls and recovers.',
  swell: 'The voltage rises and recovers.',
  interruption: 'The voltage disappears almost or completely, so that only noise remains, and recovers.',
  harmonics: 'Harmonics are added to those of the grid for a time.',
  transient: 'An oscillatory transient: a decaying oscillation is added to the voltage.',
  frequency_ramp: 'The frequency moves to another value, stays there, and returns.',
  dead_input:
    'The input reads exactly zero. A Box 2 then sends an infinite frequency and a THD that is not a number.',
};

/** Markdown of the scenario file. */
export function scenarioReference(): string {
  const root = z.toJSONSchema(SCENARIO_SCHEMA, { io: 'input' }) as Schema;
  const { grid, boxes, events } = root.properties ?? {};
  const choices = events?.items?.oneOf ?? events?.items?.anyOf ?? [];
  return [
    INTRODUCTION,
    '## The file\n',
    table(root),
    '## `grid`\n',
    table(grid),
    '### `grid.noise`\n',
    table(grid?.properties?.noise),
    '### A harmonic\n',
    table(grid?.properties?.harmonics?.items),
    '## An entry of `boxes`\n',
    table(boxes?.items),
    '## Events\n',
    ...choices.flatMap((event) => eventSection(event)),
    '## Scenarios that come with Makai\n',
    shipped(),
  ].join('\n');
}

function eventSection(event: Schema): string[] {
  const name = String(event.properties?.type?.const);
  return [`### \`${name}\`\n`, `${WHAT_EVENTS_ARE[name]}\n`, table(event)];
}

function table(schema: Schema | undefined): string {
  const rows = Object.entries(schema?.properties ?? {})
    .filter(([, field]) => field.const === undefined)
    .map(([name, field]) => {
      const needed = schema?.required?.includes(name) === true ? 'required' : fallback(field);
      return `| \`${name}\` | ${field.description ?? what(field)} | ${range(field)} | ${needed} |`;
    });
  return ['| setting | meaning | range | default |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function what(field: Schema): string {
  return field.type === 'object' ? 'see below' : (field.type ?? '');
}

function fallback({ default: value }: Schema): string {
  if (value === undefined) return '';
  const text = JSON.stringify(value);
  if (text === '{}') return 'its defaults';
  return `\`${text}\``;
}

function range({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const low = minimum ?? (exclusiveMinimum === undefined ? undefined : `above ${exclusiveMinimum}`);
  // the bounds of a safe integer mean nothing to a reader
  const high = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (low === undefined) return '';
  return high === undefined ? `${typeof low === 'string' ? low : `${low} or more`}` : `${low} to ${high}`;
}

function shipped(): string {
  const folder = path.join(PACKAGE_ROOT, 'box', 'scenarios');
  return readdirSync(folder)
    .sort()
    .map((file) => `- \`box/scenarios/${file}\`: ${loadScenario(path.join(folder, file)).description}`)
    .join('\n');
}
