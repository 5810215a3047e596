/** The engine of a store's file in one thread, opened again where another file is at its path. */
import type { Retention } from '../documents.js';
import { type Engine, openEngine } from './engine.js';
import { Reopening } from './reopening.js';
import { lookAtFile } from './writable-file.js';

export interface EngineFile {
  file: string;
  retention: Retention;
  upgrade: boolean;
  readOnly: boolean;
  cacheKb?: number | undefined;
}

/** An idle store is looked at this often. */
const LOOK_MS = 500;

/** @throws MakaiError as `openEngine` */
export function reopeningEngine({
  cacheKb,
  file,
  readOnly,
  retention,
  upgrade,
}: EngineFile): Reopening<Engine> {
  const engines = new Reopening<Engine>({
    file,
    open: () => openEngine(file, retention, upgrade, readOnly, cacheKb),
    look: () => lookAtFile(file, upgrade),
    leftLog: (kept) => void warnOfLog(file, kept),
  });
  setInterval(() => engines.look(), LOOK_MS).unref();
  return engines;
}

/** The logger is loaded when it is needed: hardly ever, and each thread would have its own. */
async function warnOfLog(file: string, kept: string): Promise<void> {
  const { createLogger } = await import('../../common/log.js');
  createLogger('store').warn(
    { file, kept },
    'the store was replaced before all of its log was in it: the log is kept. The replaced file is not whole without it: rename it to the name of that file with -wal',
  );
}
