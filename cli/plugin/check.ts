/** Judges a plugin: whether the daemon would take it, and what it does on a recording. */
import { readFileSync } from 'node:fs';
import { DEFAULT_PLUGIN_LIMITS, type PluginLimits } from '../../plugin-host/limits.js';
import { type PluginFile, resolvePlugin } from '../../plugin-host/resolve-plugin.js';
import { declaredPages } from '../../plugin-host/wasm-limits.js';
import { inspectModule } from '../../plugin-host/wasm-module.js';
import type { EventRequest, PluginIncident } from '../../plugins/sdk/plugin.js';
import type { ReplayTotals } from './messages.js';
import type { RecordingOptions } from './recording.js';
import { replay } from './replay.js';

export interface CheckOptions {
  settings: Record<string, unknown>;
  recording: string;
  options: RecordingOptions;
  limits?: PluginLimits;
  /** a line that the plugin logs or prints; all are passed on, some are kept in the report */
  logged?: (line: string) => void;
  /** for all of the replay */
  maxMs?: number;
}

/** Longer than any plugin that keeps its limits needs for the built-in recording. */
const MAX_MS = 60_000;

export interface CheckReport {
  file: string;
  language: PluginFile['language'];
  bytes: number;
  name: string | undefined;
  version: string | undefined;
  /** what its manifest says that it reads; empty: it says nothing */
  reads: readonly string[];
  /** what keeps the plugin from being used, or would stop it; empty: no errors */
  problems: string[];
  /** of a JavaScript plugin that threw: its part of the stack */
  stack: string | undefined;
  /** what is allowed, but most likely a mistake */
  warnings: string[];
  /** of a WebAssembly plugin: what it says itself, and what the host allows, MiB */
  memory: { ownMb: number | undefined; allowedMb: number } | undefined;
  log: string[];
  requests: EventRequest[];
  incidents: PluginIncident[];
  totals: ReplayTotals | undefined;
}

/** Requests kept for the report. */
const SHOWN = 1000;
/** A Box 3 as shipped keeps 3000 cycles. */
const BOX_MEMORY_MS = 50_000;
/** What the daemon takes in the long run. */
const REQUESTS_PER_MINUTE = 12_000;

/**
 * @param path what the configuration's `path` would be
 * @throws MakaiError PLUGIN_UNUSABLE when there is no such plugin, RECORDING_INVALID for the recording
 */
export async function checkPlugin(path: string, check: CheckOptions): Promise<CheckReport> {
  const file = resolvePlugin(path);
  const limits = check.limits ?? DEFAULT_PLUGIN_LIMITS;
  const bytes = readFileSync(file.file);
  const report: CheckReport = {
    file: file.file,
    language: file.language,
    bytes: bytes.length,
    name: undefined,
    version: undefined,
    reads: [],
    problems: [],
    stack: undefined,
    warnings: [],
    memory: undefined,
    log: [],
    requests: [],
    incidents: [],
    totals: undefined,
  };
  if (file.language === 'webassembly') {
    report.problems.push(...inspectModule(bytes, limits.memoryMb).problems);
    if (report.problems.length > 0) return report;
    const pages = declaredPages(bytes);
    report.memory = {
      ownMb: pages === undefined ? undefined : pages / 16,
      allowedMb: limits.memoryMb,
    };
  }
  await play(file, check, limits, report);
  return report;
}

async function play(
  file: PluginFile,
  { settings, recording, options, logged, maxMs = MAX_MS }: CheckOptions,
  limits: PluginLimits,
  report: CheckReport,
): Promise<void> {
  const warnings = new Set<string>();
  const result = await replay(
    {
      file,
      settings,
      memoryMb: limits.memoryMb,
      eventsPerHour: limits.eventsPerHour,
      recording,
      options,
      speed: true,
    },
    {
      loaded: ({ name, version, reads, warnings: slips }) => {
        report.reads = reads;
        report.name = name;
        report.version = version;
        for (const slip of slips) warnings.add(slip);
      },
      log: (level, text) => {
        logged?.(`${level}: ${text}`);
        if (report.log.length < SHOWN) report.log.push(`${level}: ${text}`);
      },
      results: ({ incidents }) => {
        report.incidents.push(...incidents.slice(0, SHOWN - report.incidents.length));
      },
      requests: (requests) => {
        report.requests.push(...requests.slice(0, SHOWN - report.requests.length));
        for (const { startMs, endMs } of requests) {
          if (endMs - startMs > BOX_MEMORY_MS)
            warnings.add(
              'requests windows of more than 50 s: a Box 3 keeps no more (request a longer time as several windows)',
            );
        }
      },
    },
    limits,
    maxMs,
  );
  if (result.kind === 'failed') {
    report.problems.push(result.problem);
    report.stack = result.stack;
  } else {
    report.totals = result.totals;
    judge(result.totals, report, limits);
  }
  report.warnings.push(...warnings);
}

function judge(totals: ReplayTotals, report: CheckReport, { eventsPerHour }: PluginLimits): void {
  const { refused, surplus, problem, requests, seconds, measurements, limited } = totals;
  if (refused > 0) report.problems.push(`${refused} of its requests are refused: ${problem ?? 'malformed'}`);
  if (surplus > 0) report.problems.push(`${surplus} of its requests are too many for one call`);
  if (requests > Math.max(1, seconds / 60) * REQUESTS_PER_MINUTE) {
    report.warnings.push(`asks ${requests} times in ${Math.round(seconds)} s: the daemon takes 200 a second`);
  }
  if (limited > 0) {
    report.warnings.push(
      `${limited} of its requests are beyond plugin_limits.events_per_hour (${eventsPerHour} per hour and box): the daemon drops them`,
    );
  }
  if (measurements === 0) report.warnings.push('the recording holds no measurement');
}
