/** The context of a plugin in a worker thread (plugins/sdk/plugin.ts). */

import { TokenBucket } from '../common/token-bucket.js';
import type { PluginContext } from '../plugins/sdk/plugin.js';
import type { PluginControl } from './control.js';
import { LOG_BURST, LOGS_PER_SECOND, MAX_LOG_LINE } from './limits.js';
import type { LogLevel } from './messages.js';
import { cleanText } from './request-shape.js';
import type { Site } from './site.js';

/** @param write writes a line that is within the limits */
export function createContext(
  site: Site,
  control: PluginControl,
  write: (level: LogLevel, text: string) => void,
): PluginContext {
  const bucket = new TokenBucket(LOG_BURST, LOGS_PER_SECOND);
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
    now: () => Date.now(),
    thresholds: (boxId: number) => site.thresholds(boxId),
    location: (boxId: number) => site.location(boxId),
  });
}
