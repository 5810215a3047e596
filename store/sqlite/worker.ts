/** The thread of one SQLite store: runs operations in the order in which they come. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Retention } from '../store.js';
import { openEngine } from './engine.js';
import { type Answer, type Request, run, toFailure } from './execution.js';

const { file, retention } = workerData as { file: string; retention: Retention };

function answer(message: Answer): void {
  parentPort?.postMessage(message);
}

try {
  const engine = openEngine(file, retention);
  parentPort?.on('message', ({ id, name, args }: Request) => {
    try {
      answer({ id, result: run(engine, name, args) });
    } catch (error) {
      answer({ id, failure: toFailure(error, file) });
    }
  });
  answer({ id: 0, result: undefined });
} catch (error) {
  answer({ id: 0, failure: toFailure(error, file) });
}
