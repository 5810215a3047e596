/** The thread of one SQLite store. */
import { workerData } from 'node:worker_threads';
import { createLogger } from '../../common/log.js';
import type { Retention } from '../documents.js';
import { type Engine, openEngine } from './engine.js';
import { READS } from './reads.js';
import { Reopening } from './reopening.js';
import { serve } from './serve.js';
import { lookAtFile } from './writable-file.js';

const { file, readOnly, retention, upgrade } = workerData as {
  file: string;
  readOnly: boolean;
  retention: Retention;
  upgrade: boolean;
};
/** An idle store is looked at this often. */
const LOOK_MS = 500;

serve(
  file,
  () => {
    const engines = new Reopening<Engine>({
      file,
      open: () => openEngine(file, retention, upgrade, readOnly),
      look: () => lookAtFile(file, upgrade),
      leftLog: (kept) =>
        createLogger('store').warn(
          { file, kept },
          'the store was replaced before all of its log was in it: the log is kept. The replaced file is not whole without it: rename it to the name of that file with -wal',
        ),
    });
    setInterval(() => engines.look(), LOOK_MS).unref();
    return engines;
  },
  READS,
);
