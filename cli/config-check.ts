/** What `makai config check` does. */
import { EXIT } from '../common/report-error.js';
import { jsonLine, write } from '../common/stdout.js';
import { type CheckResult, checkFile } from '../config/check.js';
import { type Finding, findingLine } from '../config/findings.js';
import type { Kind } from '../config/kind-names.js';
import { parseStatusEndpoint } from '../config/types.js';
import { tcpEndpoint } from '../zmq/tcp-endpoint.js';
import { reasonNotOpened, whyNotOpened } from './openable.js';
import { clean, plural } from './output.js';
import { pluginFileFindings } from './plugin/entries.js';
import { PLUGIN_SCHEMAS } from './plugin-schemas.js';

const LABELS = { error: 'error', plugin: 'error', warning: 'warning' } as const;

/** @param named the daemon that the user says the file is for */
export async function checkConfig(
  file: string,
  named: Kind | undefined,
  options: { json?: true },
): Promise<void> {
  const { kind, findings, opens, plugins } = checkFile(file, named, PLUGIN_SCHEMAS);
  findings.push(...(await pluginFileFindings(plugins)), ...(await notOpened(opens)));
  if (options.json) for (const finding of findings) await write(jsonLine({ kind, ...finding }));
  else await write(`${report(file, kind, findings)}\n`);
  if (findings.some((finding) => finding.severity !== 'warning')) process.exitCode = EXIT.failed;
}

/** A file may be for another machine, so it is a warning. A port in use is not: that is seen by `makai doctor`, with the daemons. */
async function notOpened(opens: CheckResult['opens']): Promise<Finding[]> {
  const found = opens.map(async ({ endpoint, path }): Promise<Finding[]> => {
    const host = hostOf(path, endpoint);
    const reason = host === undefined ? undefined : reasonNotOpened(await whyNotOpened(host, 0));
    if (reason === undefined) return [];
    return [{ severity: 'warning', path, message: `${endpoint} cannot be opened here: ${reason}` }];
  });
  return (await Promise.all(found)).flat();
}

function hostOf(path: string, endpoint: string): string | undefined {
  if (path !== 'status') return tcpEndpoint(endpoint)?.host;
  const address = parseStatusEndpoint(endpoint);
  return address && 'host' in address ? address.host : undefined;
}

function report(file: string, kind: Kind, findings: readonly Finding[]): string {
  const lines = findings.map((finding) => {
    const rest = finding.severity === 'plugin' ? ' (the daemon starts without this plugin)' : '';
    return clean(`${LABELS[finding.severity]}: ${findingLine(finding)}${rest}`);
  });
  const errors = findings.filter((finding) => finding.severity !== 'warning').length;
  const verdict = errors === 0 ? 'no errors' : plural(errors, 'error');
  return [...lines, `${file}: ${verdict} (checked as a file of the ${kind})`].join('\n');
}
