/** The thread of one SQLite store: runs operations in the order in which they come. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Retention } from '../store.js';
import { runWaiting } from './batch.js';
import { openEngine } from './engine.js';
import { type Answer, type Request, toFailure } from './execution.js';

const { file, retention } = workerData as { file: string; retention: Retention };
const port = parentPort;
if (port === null) throw new Error('this file runs as a worker thread');

const answer = (message: Answer): void => port.postMessage(message);

try {
  const engine = openEngine(file, retention);
  port.on('message', (first: Request) => {
    let head: Request | undefined = first;
    const next = (): Request | undefined => {
      const request: Request | undefined = head ?? receiveMessageOnPort(port)?.message;
      head = undefined;
      return request;
    };
    runWaiting(engine, file, next, answer);
  });
  answer({ id: 0, result: undefined });
} catch (error) {
  answer({ id: 0, failure: toFailure(error, file) });
}
