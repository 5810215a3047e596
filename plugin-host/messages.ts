/** The messages between the main thread and a plugin's thread, over a port that the plugin's code does not see. */
import type { EventRequest } from '../plugins/sdk/plugin.js';
import type { RingPosition, RingShare } from '../stream/ring.js';
import type { PluginLanguage } from './loaded-plugin.js';
import type { PluginFile } from './resolve-plugin.js';
import type { SiteData } from './site.js';

/** `workerData` of a plugin's thread. */
export interface WorkerStart {
  port: import('node:worker_threads').MessagePort;
  file: PluginFile;
  settings: Record<string, unknown>;
  memoryMb: number;
  queueBatches: number;
  /** one per thread that receives measurements, and the position to begin at in each */
  rings: readonly RingShare[];
  from: readonly RingPosition[];
  control: SharedArrayBuffer;
  site: SiteData;
}

export type ToWorker = { type: 'wake' } | { type: 'site'; site: SiteData } | { type: 'stop' };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type FromWorker =
  | { type: 'running'; name: string; version: string; language: PluginLanguage }
  /** the plugin cannot be used as it is configured */
  | { type: 'refused'; problem: string }
  | { type: 'requests'; requests: EventRequest[] }
  /** malformed requests and requests beyond the limits since the last report */
  | { type: 'unsound'; refused: number; surplus: number; problem: string | undefined }
  | { type: 'log'; level: LogLevel; text: string }
  /** the plugin threw, trapped or outgrew its memory: its thread does nothing more */
  | { type: 'failed'; problem: string }
  | { type: 'unloaded' };
