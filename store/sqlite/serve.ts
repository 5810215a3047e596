/** The thread of one file: runs operations in the order in which they come, writes that wait together in one transaction. */
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { runWaiting } from './batch.js';
import { type Answer, type Request, type Transactions, toFailure } from './execution.js';

/**
 * Called once by a worker script.
 * @param open opens the file; what it throws is the answer to `executeOnThread`
 * @param reads names of operations that only read
 */
export function serve(file: string, open: () => Transactions, reads: ReadonlySet<string>): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  const answer = (message: Answer): void => port.postMessage(message);
  try {
    const engine = open();
    port.on('message', (first: Request) => {
      let head: Request | undefined = first;
      const next = (): Request | undefined => {
        const request: Request | undefined = head ?? receiveMessageOnPort(port)?.message;
        head = undefined;
        return request;
      };
      runWaiting(engine, reads, file, next, answer);
    });
    answer({ id: 0, result: undefined });
  } catch (error) {
    answer({ id: 0, failure: toFailure(error, file) });
  }
}
