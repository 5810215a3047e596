/** What the doctor checks: each daemon's configuration as it would be loaded now, and the status of the running daemon. */
import { MakaiError } from '../../common/errors.js';
import { type CheckResult, checkFile, checkValue } from '../../config/check.js';
import type { Kind } from '../../config/kinds.js';
import { KIND_NAMES, KINDS } from '../../config/kinds.js';
import { readConfigFile, readInline, wholeValue } from '../../config/load.js';
import { locateConfigFile, statusEndpointOf } from '../../config/locate.js';
import { tryConfig } from '../../config/parse.js';
import { resolveSettings } from '../../config/resolve.js';
import type { SettingsOf } from '../../config/settings.js';
import { parseStatusEndpoint } from '../../config/types.js';
import { readMetrics, readStatus } from '../../daemon/status/client.js';
import type { DaemonStatus } from '../../daemon/status/server.js';
import { PLUGIN_SCHEMAS } from '../plugin-schemas.js';
import { MetricValues } from './metric-values.js';

export interface Examined<K extends Kind = Kind> {
  kind: K;
  /** file or environment variable; undefined: there is no configuration */
  source: string | undefined;
  findings: CheckResult['findings'];
  /** why the configuration could not be read at all */
  unreadable: MakaiError | undefined;
  /** undefined when there is none or it has mistakes */
  settings: SettingsOf[K] | undefined;
  /** undefined when no daemon replies */
  running: DaemonStatus | undefined;
  /** its metrics; undefined when no daemon replies */
  metrics: MetricValues | undefined;
}

export type Deployment = { readonly [K in Kind]: Examined<K> };

/** Reads the configurations and queries the running daemons. */
export async function examine(folder: string | undefined): Promise<Deployment> {
  const [broker, acquisition, service, analysis, web, gateway] = await Promise.all([
    examineOne('triggering-broker', folder),
    examineOne('acquisition-broker', folder),
    examineOne('triggering-service', folder),
    examineOne('analysis-service', folder),
    examineOne('web-service', folder),
    examineOne('gateway', folder),
  ]);
  return {
    'triggering-broker': broker,
    'acquisition-broker': acquisition,
    'triggering-service': service,
    'analysis-service': analysis,
    'web-service': web,
    gateway,
  };
}

/** The daemons in the order in which they start. */
export function each(deployment: Deployment): Examined[] {
  return KIND_NAMES.map((kind): Examined => deployment[kind]);
}

async function examineOne<K extends Kind>(kind: K, folder: string | undefined): Promise<Examined<K>> {
  const { variable } = KINDS[kind];
  const inline = folder === undefined ? process.env[variable]?.trim() : undefined;
  const file = inline ? undefined : locateConfigFile(kind, folder);
  const base = {
    kind,
    source: inline ? variable : file,
    findings: [],
    unreadable: undefined,
    settings: undefined,
  };
  try {
    const asked = await ask(kind, folder);
    if (base.source === undefined) return { ...base, ...asked };
    const own = inline ? readInline(inline, variable) : readConfigFile(base.source).value;
    const { value, warnings } = wholeValue(kind, own, file);
    const findings = inline
      ? [...checkValue(value, kind, PLUGIN_SCHEMAS).findings, ...warnings]
      : checkFile(base.source, kind, PLUGIN_SCHEMAS).findings;
    const { file: parsed } = tryConfig(kind, value);
    return { ...base, findings, settings: parsed && resolveSettings(parsed), ...asked };
  } catch (error) {
    if (!(error instanceof MakaiError)) throw error;
    return { ...base, unreadable: error, running: undefined, metrics: undefined };
  }
}

async function ask(kind: Kind, folder: string | undefined): Promise<Pick<Examined, 'running' | 'metrics'>> {
  const address = parseStatusEndpoint(statusEndpointOf(kind, folder));
  const running = address && (await readStatus(address).catch(() => undefined));
  if (address === undefined || running?.daemon !== kind) return { running: undefined, metrics: undefined };
  const text = await readMetrics(address).catch(() => undefined);
  return { running, metrics: text === undefined ? undefined : MetricValues.parse(text) };
}
