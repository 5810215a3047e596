/** The processes that `makai up` runs. They are started in order, each one ready before the next, and stopped in reverse order. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { MakaiError } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { STOP_WITH_PARENT } from '../../daemon/parent.js';

/** How long a child may take to get ready, and to stop after SIGTERM, ms. */
const READY_MS = 30_000;
const STOP_MS = 15_000;

export interface ChildOptions {
  /** for messages and the name of the log file */
  name: string;
  /** arguments of `makai` */
  args: readonly string[];
  /** folder of the log files */
  logs: string;
  /** called when it exits without being stopped */
  onDeath(message: string): void;
}

export class Child implements Running {
  readonly name: string;
  readonly logFile: string;
  readonly #process: ChildProcess;
  readonly #exit: Promise<number | string>;
  #lastLine = '';
  #stopping = false;

  private constructor(options: ChildOptions) {
    this.name = options.name;
    this.logFile = join(options.logs, `${options.name}.log`);
    const entry = join(PACKAGE_ROOT, 'dist/cli/main.js');
    this.#process = spawn(process.execPath, [entry, ...options.args], {
      // Its own process group: Ctrl-C in the terminal reaches only `makai up`, which then stops its children in order.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, [STOP_WITH_PARENT]: '1' },
    });
    this.#process.stderr?.pipe(createWriteStream(this.logFile, { flags: 'a' }));
    this.#process.stdin?.on('error', () => undefined);
    this.#exit = once(this.#process, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
    void this.#exit.then((how) => {
      if (!this.#stopping) options.onDeath(`${this.name} exited unexpectedly (${how}); see ${this.logFile}`);
    });
  }

  /**
   * Starts a child and waits for its ready line (a JSON document with the field `ready`) on stdout.
   * @throws MakaiError CHILD_FAILED when it exits or is not ready in time
   */
  static async start(options: ChildOptions): Promise<Child> {
    const child = new Child(options);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve('was not ready in time'), READY_MS);
    });
    const ended = child.#exit.then((how) => `exited at its start (${how})`);
    const failure = await Promise.race([child.#ready(), late, ended]);
    clearTimeout(timer);
    if (failure === undefined) return child;
    child.#stopping = true;
    child.#process.kill('SIGKILL');
    throw new MakaiError('CHILD_FAILED', `${options.name} ${failure}`, {
      hint: `See its log: ${child.logFile}`,
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The last line that it printed. After a stop this is its final line. */
  get lastLine(): string {
    return this.#lastLine;
  }

  /** SIGTERM, then SIGKILL if it does not exit. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
    const how = await this.#exit;
    clearTimeout(timer);
    if (how !== 0)
      throw new MakaiError('CHILD_FAILED', `${this.name} exited with ${how}; see ${this.logFile}`);
  }

  /** Resolves at the ready line. Later lines on stdout are read too, so that the child never blocks on a full pipe. */
  #ready(): Promise<undefined> {
    const { stdout } = this.#process;
    if (stdout === null) return new Promise(() => undefined);
    const lines = createInterface({ input: stdout });
    return new Promise((resolve) => {
      lines.on('line', (line) => {
        this.#lastLine = line;
        if (line.startsWith('{"ready"')) resolve(undefined);
      });
    });
  }
}
