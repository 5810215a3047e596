/** The context of a plugin in a worker thread (plugins/sdk/plugin.ts). */

import { isBoxId } from '../common/box-id.js';
import { TokenBucket } from '../common/token-bucket.js';
import type { BoxFindingCode, PluginContext } from '../plugins/sdk/plugin.js';
import type { PluginControl } from './control.js';
import { FINDING_BURST, FINDINGS_PER_SECOND, LOG_BURST, LOGS_PER_SECOND, MAX_LOG_LINE } from './limits.js';
import type { LogLevel, PluginFinding } from './messages.js';
import { PluginMemory } from './plugin-memory.js';
import { NO_STORE } from './plugin-store.js';
import { cleanText } from './request-shape.js';
import type { Site } from './site.js';

const FINDING_CODES: readonly BoxFindingCode[] = ['CALIBRATION_SUSPECT'];

/** What a context asks for, besides what is known of boxes. */
export interface MemoryParts {
  memory: Pick<PluginMemory, 'get' | 'set'>;
  /** what is stored of a box */
  history: PluginContext['history'];
}

export interface ContextParts extends MemoryParts {
  /** writes a line that is within the limits */
  write: (level: LogLevel, text: string) => void;
  /** Unix ms; left out: the clock of this machine */
  now?: () => number;
  /** hands on a finding that is within the limits */
  found: (finding: PluginFinding) => void;
}

export function createContext(site: Site, control: PluginControl, parts: ContextParts): PluginContext {
  const { found, now = () => Date.now(), write } = parts;
  const bucket = new TokenBucket(LOG_BURST, LOGS_PER_SECOND);
  const findings = new TokenBucket(FINDING_BURST, FINDINGS_PER_SECOND);
  const line = (level: LogLevel) => (message: string) => {
    if (bucket.take() === 1) write(level, cleanText(String(message), MAX_LOG_LINE));
    else control.add('suppressedLogs', 1);
  };
  return Object.freeze({
    log: Object.freeze({
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
    }),
    now,
    report: (boxId: number, code: BoxFindingCode, info: string) => {
      // Plugins are not trusted with types either.
      if (!isBoxId(boxId) || !FINDING_CODES.includes(code) || findings.take() !== 1)
        control.add('droppedFindings', 1);
      else found({ boxId, code, info: cleanText(String(info), MAX_LOG_LINE) });
    },
    ...siteMembers(site, parts),
  });
}

/** What a plugin asks of boxes and of what was kept: the same in the daemon and in a replay. */
export function siteMembers(
  site: Site,
  { memory, history }: MemoryParts = { memory: new PluginMemory(), history: NO_STORE.history },
): Pick<PluginContext, 'thresholds' | 'reference' | 'location' | 'boxes' | 'state' | 'history'> {
  return {
    thresholds: (boxId) => site.thresholds(boxId),
    reference: (boxId) => site.reference(boxId),
    location: (boxId) => site.location(boxId),
    boxes: Object.freeze({ get: (boxId: number) => site.box(boxId), all: () => site.boxes() }),
    state: Object.freeze({ get: () => memory.get(), set: (value: unknown) => memory.set(value) }),
    history,
  };
}
