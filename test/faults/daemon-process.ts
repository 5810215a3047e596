/** A daemon as a process that can be killed and started again on the same configuration. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PACKAGE_ROOT } from '../../common/package-root.js';

const READY_MS = 180_000;
/** A daemon itself gives up after 10 s what it cannot finish. */
const STOP_MS = 90_000;

export interface Launch {
  name: string;
  /** arguments of `makai` */
  args: readonly string[];
  logFile: string;
  /** a command that runs the rest of its line: `ip netns exec ...`, `unshare ...` */
  prefix?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

export class DaemonProcess {
  readonly #launch: Launch;
  #child: ChildProcess | undefined;
  /** it ended although nobody here asked it to */
  died: string | undefined;
  #asked = false;

  constructor(launch: Launch) {
    this.#launch = launch;
  }

  get name(): string {
    return this.#launch.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** @throws Error when it is not ready in time */
  async start(): Promise<void> {
    const { args, env, logFile, name, prefix = [] } = this.#launch;
    const [program, ...rest] = [...prefix, process.execPath, join(PACKAGE_ROOT, 'dist/cli/main.js'), ...args];
    this.#asked = false;
    const child = spawn(program ?? '', rest, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stderr.pipe(createWriteStream(logFile, { flags: 'a' }));
    child.on('exit', (code, signal) => {
      if (this.#child === child) this.#child = undefined;
      if (!this.#asked) this.died = `${name} ended by itself (${code ?? signal}); see ${logFile}`;
    });
    let timer: NodeJS.Timeout | undefined;
    const ready = new Promise<boolean>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('{"ready"')) resolve(true);
      });
      child.once('exit', () => resolve(false));
      timer = setTimeout(() => resolve(false), READY_MS);
    });
    const good = await ready;
    clearTimeout(timer);
    if (good) return;
    this.#asked = true;
    child.kill('SIGKILL');
    throw new Error(`${name} did not start: ${readFileSync(logFile, 'utf8').slice(-2000)}`);
  }

  /** kill -9; fulfilled when it is gone. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** SIGTERM, and kill -9 for one that does not end. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => {
      this.died = `${this.name} did not end when asked`;
      void this.kill();
    }, STOP_MS);
    await this.#end('SIGTERM');
    clearTimeout(timer);
  }

  /** Resident memory, MB. */
  memoryMb(): number {
    try {
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]) / 1024;
    } catch {
      return Number.NaN;
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#asked = true;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
