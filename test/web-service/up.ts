/** `makai up` as a process, and its page. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PACKAGE_ROOT } from '../../common/package-root.js';

export interface WebUp {
  /** with a slash at its end */
  page: string;
  pids: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** @param folder its working folder is made in it */
export async function upForWeb(folder: string, args: readonly string[] = []): Promise<WebUp> {
  const command = [
    join(PACKAGE_ROOT, 'dist/cli/main.js'),
    'up',
    '--json',
    '--dir',
    join(folder, 'demo'),
    ...args,
  ];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (piece: Buffer) => {
    errors += piece.toString();
  });
  const lines = createInterface({ input: child.stdout });
  const started = new Promise<{ page: string; pids: Record<string, number> }>((resolve) => {
    lines.on('line', (line) => {
      if (line.startsWith('{"kind":"started"'))
        resolve(JSON.parse(line) as { page: string; pids: Record<string, number> });
    });
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`makai up ended: ${errors}`);
  });
  const { page, pids } = await Promise.race([started, ended]);
  ended.catch(() => undefined);
  return {
    page,
    pids,
    stop: async () => {
      if (child.exitCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}
