/** Plays a recording to a plugin in a thread of its own, and ends the plugin when it does not keep to its time. */
import { Worker } from 'node:worker_threads';
import { MakaiError } from '../../common/errors.js';
import { PluginControl } from '../../plugin-host/control.js';
import { DEFAULT_PLUGIN_LIMITS, type PluginLimits } from '../../plugin-host/limits.js';
import type { LogLevel, PluginResults } from '../../plugin-host/messages.js';
import { type Problem, problemFields, problemOf } from '../../plugin-host/plugin-problem.js';
import { RunningClock } from '../../plugin-host/running-clock.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import type { FromReplay, LoadedInfo, ReplayStart, ReplayTask, ReplayTotals } from './messages.js';

const LOOK_MS = 20;
/** V8's own limit lies above the plugin's, which is watched between calls (plugin-host/memory-watch.ts). */
const HEAP_CEILING_MB = 2048;

export interface ReplayEvents {
  loaded(plugin: LoadedInfo): void;
  log(level: LogLevel, text: string): void;
  requests(requests: EventRequest[]): void;
  results(results: PluginResults): void;
  progress?(seconds: number, measurements: number): void;
}

/** How it ended: with figures, or with what the plugin did wrong. */
export type ReplayResult =
  | { kind: 'done'; totals: ReplayTotals }
  | ({ kind: 'failed'; at: number | undefined } & Problem);

/**
 * @param limits of the daemon, unless others are given
 * @param maxMs for all of the replay
 * @throws MakaiError when the recording cannot be used
 */
export function replay(
  task: ReplayTask,
  events: ReplayEvents,
  limits: PluginLimits = DEFAULT_PLUGIN_LIMITS,
  maxMs = Number.POSITIVE_INFINITY,
): Promise<ReplayResult> {
  const clock = new RunningClock();
  const control = new PluginControl();
  const workerData: ReplayStart = { ...task, control: control.shared };
  const worker = new Worker(new URL('./replay-worker.js', import.meta.url), {
    workerData,
    name: `plugin ${task.file.name}`,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_CEILING_MB },
  });
  // What it prints comes as messages (plugin-host/console-lines.ts).
  for (const stream of [worker.stdout, worker.stderr]) stream.resume();
  const watch = watcher(control, limits);
  return new Promise<ReplayResult>((resolve, reject) => {
    const timer = setInterval(() => {
      const nowMs = clock.look();
      const problem =
        watch(nowMs) ??
        (nowMs > maxMs ? `took longer than ${maxMs / 1000} s for the whole recording` : undefined);
      if (problem !== undefined) end({ kind: 'failed', problem, at: undefined });
    }, LOOK_MS);
    const settle = (): void => {
      clearInterval(timer);
      worker.removeAllListeners();
      worker.on('error', () => undefined);
    };
    const end = (result: ReplayResult): void => {
      settle();
      worker.terminate().then(() => resolve(result), reject);
    };
    worker.on('message', (message: FromReplay) => {
      switch (message.type) {
        case 'loaded':
          return events.loaded(message);
        case 'log':
          return events.log(message.level, message.text);
        case 'requests':
          return events.requests(message.requests);
        case 'unreadable':
          settle();
          return void worker.terminate().then(() => reject(unreadable(message)), reject);
        case 'results':
          return events.results(message);
        case 'progress':
          return events.progress?.(message.seconds, message.measurements);
        case 'failed':
          return end({ kind: 'failed', ...problemFields(message), at: message.at });
        case 'done':
          return end({ kind: 'done', totals: message.totals });
      }
    });
    worker.on('error', (error) => end({ kind: 'failed', ...problemOf(error), at: undefined }));
    worker.on('exit', (code) =>
      end({ kind: 'failed', problem: `its thread ended with code ${code}`, at: undefined }),
    );
  });
}

/** @returns what says, from look to look, that a call takes too long */
function watcher(control: PluginControl, limits: PluginLimits): (nowMs: number) => string | undefined {
  let seen = { operation: -1, sinceMs: 0 };
  return (nowMs) => {
    const { operation, call } = control;
    if (operation !== seen.operation) seen = { operation, sinceMs: nowMs };
    const { loadMs, batchMs, unloadMs } = limits;
    const [allowedMs, what] = {
      load: [loadMs, 'to load'] as const,
      batch: [batchMs, 'for a batch'] as const,
      tick: [batchMs, 'in onTick (makai_process without measurements)'] as const,
      unload: [unloadMs, 'to unload'] as const,
    }[call];
    if (operation % 2 === 0 || nowMs - seen.sinceMs <= allowedMs) return undefined;
    return `took longer than ${allowedMs} ms ${what}`;
  };
}

function unreadable(message: Extract<FromReplay, { type: 'unreadable' }>): Error {
  const { code, hint } = message;
  if (
    code !== 'RECORDING_INVALID' &&
    code !== 'RECORDING_TOO_LONG' &&
    code !== 'SCENARIO_INVALID' &&
    code !== 'CONFIG_UNREADABLE'
  ) {
    return new MakaiError('RECORDING_INVALID', message.message);
  }
  return new MakaiError(code, message.message, hint === undefined ? {} : { hint });
}
