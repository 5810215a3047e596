/** `makai status` on one screen: what is wrong first, then one line a daemon. */

import type { Kind } from '../config/kinds.js';
import type { DaemonStatus } from '../daemon/status/server.js';
import type { Diagnosis } from './doctor/diagnosis.js';
import { MetricValues } from './doctor/metric-values.js';
import { count, fieldsAt, rowsAt } from './doctor/reading.js';
import { judge } from './doctor/reported.js';
import { clean } from './output.js';
import { stoppedPlugins } from './plugin/states.js';
import { duration } from './status-text.js';

/** Of a terminal with 24 lines: one is the prompt. */
export const SCREEN_LINES = 23;

export interface Summarised {
  daemon: Kind;
  endpoint: string;
  /** undefined: no reply, because of `reason` */
  status?: Omit<DaemonStatus, 'daemon'>;
  reason?: string;
  /** text of `/metrics` */
  metrics?: string | undefined;
}

interface Line {
  /** 0: wrong, 1: note, 2: a daemon that is well */
  rank: 0 | 1 | 2;
  text: string;
}

const MARKS = ['WRONG', 'note ', 'ok   '] as const;

/** At most 23 lines, none longer than `width`; what does not fit is counted. */
export function summaryLines(daemons: readonly Summarised[], width: number): string[] {
  const lines = daemons.flatMap(linesOf).sort((a, b) => a.rank - b.rank);
  const wrong = lines.filter(({ rank }) => rank === 0).length;
  const room = SCREEN_LINES - 2;
  const [shown, left] = [lines.slice(0, lines.length > room ? room - 1 : room), lines.slice(room - 1)];
  return [
    ...shown.map(({ rank, text }) => short(`${MARKS[rank]}  ${text}`, width)),
    ...(lines.length > room ? [short(`and ${left.length} more lines: makai status --all`, width)] : []),
    short(boxesLine(daemons), width),
    short(
      wrong === 0
        ? 'nothing is wrong here; makai doctor also checks configuration, keys, ports and store; --all shows everything'
        : `${wrong} wrong: makai doctor says what to do; --all shows everything`,
      width,
    ),
  ];
}

function linesOf({ daemon, endpoint, metrics, reason, status }: Summarised): Line[] {
  if (status === undefined)
    return [{ rank: 0, text: `${daemon}: no reply at ${endpoint || '?'}: ${reason}` }];
  const { details, pid, uptime_seconds: uptimeSeconds, version } = status;
  const judged = judge({
    ...{ kind: daemon, details, uptimeSeconds },
    metrics: metrics === undefined ? undefined : MetricValues.parse(metrics),
  });
  const plugins = stoppedPlugins(details).map(
    ({ lastError, plugin, state }): Line => ({
      rank: 0,
      text: `plugin ${plugin}: ${state === 'refused' ? 'refused' : 'stopped, and restarted after a pause'}: ${lastError ?? 'no reason given'}`,
    }),
  );
  const isWell = plugins.length === 0 && judged.every(({ verdict }) => verdict !== 'wrong');
  const head = `${daemon}: running for ${duration(uptimeSeconds)}, pid ${pid}, version ${version}${numbers(daemon, details)}`;
  return [...plugins, ...judged.map((one) => lineOf(daemon, one)), { rank: isWell ? 2 : 1, text: head }];
}

function lineOf(daemon: Kind, { area, message, subject, verdict }: Diagnosis): Line {
  const what = area === 'plugins' ? `plugin ${subject}` : daemon;
  return { rank: verdict === 'wrong' ? 0 : 1, text: `${what}: ${message}` };
}

/** What each daemon does, in a few words. */
function numbers(daemon: Kind, details: DaemonStatus['details']): string {
  const of = (path: string, name: string): number =>
    count(path === '' ? details : fieldsAt(details, path), name);
  switch (daemon) {
    case 'triggering-broker':
      return `, ${of('boxes', 'connected')} boxes connected, ${of('access.gate', 'refused_keys')} refused keys`;
    case 'acquisition-broker':
      return `, ${of('open', 'requests')} open requests, ${of('waveforms', 'stored')} waveforms`;
    case 'triggering-service':
      return `, ${of('boxes', 'active')} boxes active, ${of('', 'measurements')} measurements, ${rowsAt(details, 'plugins').length} plugins`;
    case 'analysis-service':
      return `, ${of('incidents', 'waveforms')} waveforms analysed, ${of('incidents', 'incidents')} incidents`;
    case 'web-service':
      return `, ${of('', 'requests')} requests, ${of('live', 'viewers')} viewers`;
    case 'gateway':
      return `, ${of('published', 'kept')} messages published, ${of('outbox', 'messages')} wait`;
  }
}

function boxesLine(daemons: readonly Summarised[]): string {
  const service = daemons.find(({ daemon }) => daemon === 'triggering-service')?.status?.details ?? {};
  const findings = count(fieldsAt(service, 'box_health'), 'boxes');
  const { active, known } = fieldsAt(service, 'boxes');
  if (typeof active !== 'number') return 'boxes: not known without the triggering service';
  return `boxes: ${active} active of ${String(known)} heard, ${findings} with findings; makai boxes status says who is missing`;
}

function short(text: string, width: number): string {
  const line = clean(text);
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
