/** Everything else: the program `apprise`, where it is installed. */
import { spawn } from 'node:child_process';
import type { ChannelOf } from '../file.js';
import { type Message, textOf } from '../message.js';

const MAX_OUTPUT = 2000;

/**
 * The body goes in by the standard input. The addresses, which hold secrets, go in by the environment: arguments can be read by every user of the machine.
 * @throws Error with what it printed, or that it is not installed
 */
export function sendApprise(
  channel: ChannelOf<'apprise'>,
  message: Message,
  timeoutMs: number,
): Promise<void> {
  const args = [
    '--title',
    message.title,
    '--notification-type',
    message.notifyType,
    '--input-format',
    'text',
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(channel.command, args, {
      env: { ...process.env, APPRISE_URLS: channel.urls.join(' ') },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    let output = '';
    const take = (chunk: Buffer): void => {
      output = `${output}${chunk.toString('utf8')}`.slice(-MAX_OUTPUT);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    // It may end without reading.
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${channel.command} exited with ${code ?? 'a signal'}: ${output.trim()}`));
    });
    child.stdin.end(textOf(message));
  });
}
