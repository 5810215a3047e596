/** The pages of docs/ that are made from the code. A test fails when one differs from what is in docs/. */
import { scenarioReference } from '../box/sources/scenario-reference.js';
import { errorReference } from '../common/error-reference.js';
import { metricReference } from '../common/metrics/reference.js';
import { configReference } from '../config/reference.js';
import { cliReference } from './cli-reference.js';
import { licenceReference } from './licence-reference.js';
import { pluginAbiReference } from './plugin-abi-reference.js';
import { buildProgram } from './program.js';

/** Page names in docs/, and their texts. */
export function generatedDocs(): Readonly<Record<string, string>> {
  return {
    'cli.md': mark(cliReference(buildProgram())),
    'configuration.md': mark(configReference()),
    'errors.md': mark(errorReference()),
    'scenarios.md': mark(scenarioReference()),
    'licences.md': mark(licenceReference()),
    'metrics.md': mark(metricReference()),
    'plugin-abi.md': mark(pluginAbiReference()),
  };
}

function mark(text: string): string {
  return `<!-- Made by \`npm run docs\`; change the code, not this page. -->\n\n${text.trimEnd()}\n`;
}
