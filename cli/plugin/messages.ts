/** What goes between a command and the thread in which it runs a plugin. */

import type { LogLevel, PluginResults } from '../../plugin-host/messages.js';
import type { Problem } from '../../plugin-host/plugin-problem.js';
import type { PluginFile } from '../../plugin-host/resolve-plugin.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import type { RecordingOptions } from './recording.js';

export interface ReplayTask {
  file: PluginFile;
  settings: Record<string, unknown>;
  memoryMb: number;
  /** name or file, and how to read it */
  recording: string;
  options: RecordingOptions;
  /** after the replay: also measure how many measurements a second it takes, in a thread of its own */
  speed: boolean;
  /** `plugin_limits.events_per_hour` */
  eventsPerHour: number;
  /** without a recording: the plugin is loaded, configured and unloaded, no more */
  loadOnly?: boolean;
}

/** `workerData` of the thread. */
export interface ReplayStart extends ReplayTask {
  control: SharedArrayBuffer;
}

/** What a replay came to. */
export interface ReplayTotals {
  recording: string;
  measurements: number;
  boxes: number;
  /** recorded time, s */
  seconds: number;
  ticks: number;
  batches: number;
  requests: number;
  incidents: number;
  /** of series */
  values: number;
  refused: number;
  surplus: number;
  /** why the first of them was refused */
  problem: string | undefined;
  /** requests beyond `eventsPerHour`, which the daemon would drop */
  limited: number;
  batchP50Us: number;
  batchP99Us: number;
  /** MiB a WebAssembly plugin had at the end */
  memoryMb: number | undefined;
  /** measurements a second in full batches */
  perSecond: number | undefined;
}

export interface LoadedInfo {
  name: string;
  version: string;
  warnings: readonly string[];
  /** what its manifest says that it reads */
  reads: readonly string[];
}

export type FromReplay =
  | ({ type: 'loaded' } & LoadedInfo)
  | { type: 'log'; level: LogLevel; text: string }
  | { type: 'requests'; requests: EventRequest[] }
  | ({ type: 'results' } & PluginResults)
  /** how far the replay is: recorded time, s */
  | { type: 'progress'; seconds: number; measurements: number }
  /** the plugin cannot be used, or broke; `at`: the recording's time, Unix ms */
  | ({ type: 'failed'; at: number | undefined } & Problem)
  /** the recording cannot be used: fields of a MakaiError */
  | { type: 'unreadable'; message: string; code: string | undefined; hint: string | undefined }
  | { type: 'done'; totals: ReplayTotals };
