/**
 * What a plugin prints with console.log, line by line, in the thread that runs it. Node hands the output of a thread to the main thread
 * later, and what waits is lost when the thread ends; a message is sent immediately, also by a plugin that never returns.
 */
import { MAX_LOG_LINE } from './limits.js';

/** From here on all that this thread writes to stdout and stderr goes to `line`. */
export function captureConsole(line: (text: string) => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    let rest = '';
    stream.write = (chunk: Uint8Array | string, ...more: unknown[]): boolean => {
      const lines = (rest + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) line(text);
      if (rest.length > MAX_LOG_LINE) {
        line(rest);
        rest = '';
      }
      const done = more.at(-1);
      if (typeof done === 'function') queueMicrotask(() => done());
      return true;
    };
  }
}
