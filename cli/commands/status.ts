/** `makai status`: the state of the running daemons. */
import type { Command } from 'commander';
import { messageOf } from '../../common/errors.js';
import { EXIT } from '../../common/report-error.js';
import { jsonLine, write } from '../../common/stdout.js';
import { KIND_NAMES, type Kind } from '../../config/kinds.js';
import { statusEndpointOf } from '../../config/locate.js';
import { parseStatusEndpoint } from '../../config/types.js';
import { readStatus } from '../../daemon/status/client.js';
import type { DaemonStatus } from '../../daemon/status/server.js';
import { clean } from '../output.js';
import { describeDetails, duration } from '../status-text.js';

type Report = { daemon: Kind; endpoint: string } & (
  | ({ running: true } & Omit<DaemonStatus, 'daemon'>)
  | { running: false; reason: string }
);

export function register(program: Command): void {
  program
    .command('status')
    .description('Print the state of the running daemons. The exit code is 1 if one does not reply.')
    .option('--dir <folder>', 'the working folder of `makai up`, instead of the default configuration files')
    .option('--json', 'NDJSON, one daemon per line')
    .action(async (options: { dir?: string; json?: true }) => {
      const reports = await Promise.all(KIND_NAMES.map((kind) => report(kind, options.dir)));
      for (const one of reports) await write(options.json ? jsonLine(one) : `${describe(one)}\n`);
      if (reports.some((one) => !one.running)) process.exitCode = EXIT.failed;
    });
}

async function report(daemon: Kind, folder: string | undefined): Promise<Report> {
  let endpoint = '';
  try {
    endpoint = statusEndpointOf(daemon, folder);
    const address = parseStatusEndpoint(endpoint);
    if (!address)
      return { daemon, endpoint, running: false, reason: 'its configuration has no status server' };
    const status = await readStatus(address);
    if (status.daemon !== daemon) throw new Error(`the ${status.daemon} replies at this address`);
    return { ...status, daemon, endpoint, running: true };
  } catch (error) {
    return { daemon, endpoint, running: false, reason: messageOf(error) };
  }
}

function describe(report: Report): string {
  if (!report.running)
    return clean(`${report.daemon}: no reply at ${report.endpoint || '?'}: ${report.reason}`);
  const { daemon, version, pid, uptime_seconds: uptime, endpoint, details } = report;
  const head = clean(
    `${daemon}: running for ${duration(uptime)}, pid ${pid}, version ${version}, ${endpoint}`,
  );
  return [head, ...describeDetails(details).map((line) => `  ${line}`)].join('\n');
}
