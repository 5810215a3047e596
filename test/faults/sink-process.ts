/** The receiver of webhooks and mail, killed and started again on the same ports and file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { freePort } from '../support/free-port.js';

export const CHANNELS = ['webhook', 'mail'] as const;

export class SinkProcess {
  readonly #ports: readonly [http: number, smtp: number];
  readonly #file: string;
  #child: ChildProcess | undefined;

  private constructor(ports: readonly [number, number], file: string) {
    this.#ports = ports;
    this.#file = file;
  }

  static async start(folder: string): Promise<SinkProcess> {
    const sink = new SinkProcess([await freePort(), await freePort()], join(folder, 'received'));
    await sink.up();
    return sink;
  }

  /** A file of recipients: one with both channels. */
  get recipients(): object {
    const [http, smtp] = this.#ports;
    const mail = { server: `smtp://127.0.0.1:${smtp}`, from: 'makai@example.org', to: 'ada@example.org' };
    const channels = [
      { type: 'webhook', url: `http://127.0.0.1:${http}/` },
      { type: 'mail', require_tls: false, ...mail },
    ];
    return { recipients: [{ name: 'ada', tags: ['power-quality'], channels }] };
  }

  async up(): Promise<void> {
    const args = [join(PACKAGE_ROOT, 'dist/test/faults/sink.js'), ...this.#ports.map(String), this.#file];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`the sink ended with ${code}`))),
    ]);
  }

  /** kill -9 */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** How often each number came. */
  received(channel: (typeof CHANNELS)[number]): Map<number, number> {
    const found = new Map<number, number>();
    // The last line may be cut off by the kill.
    for (const [, one, number] of readFileSync(this.#file, 'utf8').matchAll(/^(\w+) (\d+)$/gm))
      if (one === channel) found.set(Number(number), (found.get(Number(number)) ?? 0) + 1);
    return found;
  }
}
