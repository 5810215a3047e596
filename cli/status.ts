/** What `makai status` does. */
import { messageOf } from '../common/errors.js';
import { EXIT } from '../common/report-error.js';
import { jsonLine, write } from '../common/stdout.js';
import { KIND_NAMES, KINDS, type Kind } from '../config/kinds.js';
import { locateConfigFile, statusEndpointOf } from '../config/locate.js';
import { parseStatusEndpoint } from '../config/types.js';
import { readMetrics, readStatus } from '../daemon/status/client.js';
import type { DaemonStatus } from '../daemon/status/server.js';
import { clean } from './output.js';
import { stoppedPlugins } from './plugin/states.js';
import { type Summarised, summaryLines } from './status-summary.js';
import { describeDetails, duration, wrapped } from './status-text.js';
import { checkWorkingFolder } from './working-folder.js';

type Report = { daemon: Kind; endpoint: string } & (
  | ({ running: true } & Omit<DaemonStatus, 'daemon'>)
  | { running: false; reason: string }
);

/** Prints the state of each daemon. The exit code is 1 if one does not reply, or if a plugin was refused or has stopped. */
export async function printStatuses(options: {
  dir?: string | undefined;
  all?: true | undefined;
  json?: true | undefined;
}): Promise<void> {
  checkWorkingFolder(options.dir);
  const kinds = KIND_NAMES.filter((kind) => isExpected(kind, options.dir));
  const reports = await Promise.all(kinds.map((kind) => report(kind, options.dir)));
  if (options.json || options.all)
    for (const one of reports) await write(options.json ? jsonLine(one) : `${describe(one)}\n`);
  else await write(`${summaryLines(await summarised(reports), columns()).join('\n')}\n`);
  if (reports.some((one) => !one.running || stoppedPlugins(one.details).length > 0))
    process.exitCode = EXIT.failed;
}

async function summarised(reports: readonly Report[]): Promise<Summarised[]> {
  return Promise.all(
    reports.map(async (report): Promise<Summarised> => {
      const { daemon, endpoint } = report;
      if (!report.running) return { daemon, endpoint, reason: report.reason };
      const address = parseStatusEndpoint(endpoint);
      const metrics = address && (await readMetrics(address).catch(() => undefined));
      return { daemon, endpoint, status: report, metrics };
    }),
  );
}

/** An installation from before one of these daemons has no configuration for it. */
const LATER: readonly Kind[] = ['analysis-service', 'web-service', 'gateway'];

function isExpected(kind: Kind, folder: string | undefined): boolean {
  if (!LATER.includes(kind) || process.env[KINDS[kind].variable] !== undefined) return true;
  return locateConfigFile(kind, folder) !== undefined;
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

/** Columns of the terminal, within what people have; a file or a pipe has no width of its own. */
const columns = (): number => Math.min(120, Math.max(80, process.stdout.columns ?? 120));

function describe(report: Report): string {
  const width = columns();
  if (!report.running) {
    const reply = `${report.daemon}: no reply at ${report.endpoint || '?'}: ${report.reason}`;
    return wrapped(clean(reply), 2, width).join('\n');
  }
  const { daemon, version, pid, uptime_seconds: uptime, endpoint, details } = report;
  const state = `${daemon}: running for ${duration(uptime)}, pid ${pid}, version ${version}, ${endpoint}`;
  const head = wrapped(clean(state), 2, width);
  const { plugins, ...others } = details;
  // What a person most often looks for comes first: the plugins, and among them those that do not run.
  const isRunning = (row: unknown): number =>
    Number(typeof row === 'object' && row !== null && Reflect.get(row, 'state') === 'running');
  const first = Array.isArray(plugins)
    ? { plugins: plugins.toSorted((a, b) => isRunning(a) - isRunning(b)) }
    : {};
  const lines = [first, others].flatMap((part) => describeDetails(part, width - 2));
  return [...head, ...lines.map((line) => `  ${line}`)].join('\n');
}
