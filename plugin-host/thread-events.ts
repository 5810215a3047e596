/** What a plugin's thread is given, and what becomes of it. */
import type { EventRequest } from '../plugins/sdk/plugin.js';
import type { RingPosition, RingShare } from '../stream/ring.js';
import type { PluginLimits } from './limits.js';
import type { LogLevel, PluginFinding, PluginResults, Question } from './messages.js';
import type { StateBody } from './plugin-memory.js';
import type { Problem } from './plugin-problem.js';
import type { PluginFile } from './resolve-plugin.js';
import type { SiteData } from './site.js';

export interface ThreadOptions {
  file: PluginFile;
  settings: Record<string, unknown>;
  limits: PluginLimits;
  /** undefined: it is driven by seconds */
  ring: RingShare | undefined;
  from: RingPosition;
  site: SiteData;
}

/** Why a thread ended: it was stopped; the plugin cannot be used; it failed. */
export type Ending = { kind: 'stopped' } | ({ kind: 'refused' | 'failed' } & Problem);

export interface ThreadEvents {
  running(plugin: { name: string; version: string; warnings: readonly string[] }): void;
  requests(requests: EventRequest[]): void;
  results(results: PluginResults): void;
  state(state: StateBody): void;
  /** fulfilled with what it asked for */
  question(question: Question): Promise<unknown>;
  refusals(refused: number, surplus: number, problem: string | undefined): void;
  finding(finding: PluginFinding): void;
  log(level: LogLevel, text: string): void;
  /** once, last */
  ended(ending: Ending): void;
}
