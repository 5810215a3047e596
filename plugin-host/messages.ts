/** The messages between the main thread and a plugin's thread, over a port that the plugin's code does not see. */
import type {
  BoxFindingCode,
  EventRequest,
  PluginIncident,
  PluginValue,
  SecondSummary,
} from '../plugins/sdk/plugin.js';
import type { MeasurementRow } from '../proto/measurement-row.js';
import type { RingPosition, RingShare } from '../stream/ring.js';
import type { PluginLanguage } from './loaded-plugin.js';
import type { StateBody } from './plugin-memory.js';
import type { Problem } from './plugin-problem.js';
import type { PluginFile } from './resolve-plugin.js';
import type { SiteData } from './site.js';

/** What a plugin returned besides requests. */
export interface PluginResults {
  incidents: PluginIncident[];
  values: PluginValue[];
}

/** What a plugin's thread asks the main thread for, and the reply. */
export type Question = { what: 'state' } | { what: 'history'; boxId: number; fromMs: number; toMs: number };
export type Reply = { id: number } & ({ value: unknown } | { error: string });

/** What a plugin found about the health of a box. */
export interface PluginFinding {
  boxId: number;
  code: BoxFindingCode;
  /** the numbers of this box, for people */
  info: string;
}

/** One second of all boxes, for plugins that compare boxes. What a plugin does with it depends on nothing else, so that it can be repeated. */
export interface PluginSecond {
  /** Unix ms; the plugin's clock stands there meanwhile */
  endMs: number;
  summary: SecondSummary;
  /** for plugins that do not take summaries: the measurements in which boxes are at the ends, by time */
  rows: readonly MeasurementRow[];
}

/** `workerData` of a plugin's thread. */
export interface WorkerStart {
  port: import('node:worker_threads').MessagePort;
  file: PluginFile;
  settings: Record<string, unknown>;
  memoryMb: number;
  /** ms that a call may take */
  batchMs: number;
  queueBatches: number;
  /** undefined: it is driven by the seconds that it is sent, and not by batches and a timer */
  ring: RingShare | undefined;
  /** the position to begin at */
  from: RingPosition;
  control: SharedArrayBuffer;
  site: SiteData;
}

export type ToWorker =
  | ({ type: 'reply' } & Reply)
  | { type: 'wake' }
  | { type: 'site'; site: SiteData }
  | ({ type: 'second' } & PluginSecond)
  | { type: 'stop' };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type FromWorker =
  | { type: 'running'; name: string; version: string; language: PluginLanguage; warnings: readonly string[] }
  /** the plugin cannot be used as it is configured */
  | ({ type: 'refused' } & Problem)
  | { type: 'requests'; requests: EventRequest[] }
  /** malformed requests and requests beyond the limits since the last report */
  | { type: 'refusals'; refused: number; surplus: number; problem: string | undefined }
  | ({ type: 'results' } & PluginResults)
  | { type: 'question'; id: number; question: Question }
  | { type: 'state'; state: StateBody }
  /** about the health of a box */
  | ({ type: 'finding' } & PluginFinding)
  | { type: 'log'; level: LogLevel; text: string }
  /** the plugin threw, trapped or outgrew its memory: its thread does nothing more */
  | ({ type: 'failed' } & Problem)
  /** everything that a second gave was sent before */
  | { type: 'second'; endMs: number }
  | { type: 'unloaded' };
