/** The processes that `makai up` runs. They are started in order, each one ready before the next, and stopped in reverse order. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { deadline, systemClock } from '../../common/clock.js';
import { MakaiError } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { STOP_WITH_PARENT } from '../../daemon/parent.js';

/** How long a child may take to get ready (a busy machine starts it slowly; one that ends is noticed sooner), and to stop after SIGTERM, ms. */
const READY_MS = 120_000;
const STOP_MS = 15_000;
/** Of what a child wrote last, so that an error of its start can be shown. */
const TAIL_CHARACTERS = 4096;

export interface ChildOptions {
  /** for messages and the name of the log file */
  name: string;
  /** arguments of `makai` */
  args: readonly string[];
  /** folder of the log files */
  logs: string;
  /** added to the environment */
  env?: Readonly<Record<string, string>>;
  /** called when it exits after it was ready, without being stopped */
  onDeath(message: string): void;
}

export class Child implements Running {
  readonly name: string;
  readonly logFile: string;
  readonly #process: ChildProcess;
  readonly #exit: Promise<number | string>;
  #lastLine = '';
  #errors = '';
  /** ready and not being stopped: an end then is unexpected */
  #runs = false;

  private constructor(options: ChildOptions) {
    this.name = options.name;
    this.logFile = join(options.logs, `${options.name}.log`);
    const entry = join(PACKAGE_ROOT, 'dist/cli/main.js');
    this.#process = spawn(process.execPath, [entry, ...options.args], {
      // Its own process group: Ctrl-C in the terminal reaches only `makai up`, which then stops its children in order.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env, [STOP_WITH_PARENT]: '1' },
    });
    this.#process.stderr?.pipe(createWriteStream(this.logFile, { flags: 'a' }));
    this.#process.stderr?.on('data', (piece: Buffer) => {
      this.#errors = (this.#errors + piece.toString()).slice(-TAIL_CHARACTERS);
    });
    this.#process.stdin?.on('error', () => undefined);
    this.#exit = once(this.#process, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
    void this.#exit.then((how) => {
      if (this.#runs) options.onDeath(`${this.name} exited unexpectedly (${how}); see ${this.logFile}`);
    });
  }

  /**
   * Starts a child and waits for its ready line (a JSON document with the field `ready`) on stdout.
   * @throws MakaiError CHILD_FAILED when it exits or is not ready in time
   */
  static async start(options: ChildOptions): Promise<Child> {
    const child = new Child(options);
    const failed = (how: string): MakaiError =>
      new MakaiError('CHILD_FAILED', `${options.name} ${how}${child.#reason()}`, {
        hint: `See its log: ${child.logFile}`,
      });
    const ended = child.#closed().then((how) => {
      throw failed(`exited at its start (${how})`);
    });
    try {
      const started = Promise.race([child.#ready(), ended]);
      await deadline(started, READY_MS, systemClock, () => failed('was not ready in time'));
      child.#runs = true;
      return child;
    } catch (error) {
      child.#process.kill('SIGKILL');
      throw error;
    }
  }

  /** Fulfilled when it has exited and all that it wrote is read. @returns exit code or signal */
  async #closed(): Promise<number | string> {
    await once(this.#process, 'close');
    return this.#exit;
  }

  /** The error that it reported, as `reportError` writes it. */
  #reason(): string {
    const found = [...this.#errors.matchAll(/^error(?: \[(\w+)\])?: (.*)$/gm)].at(-1);
    return found === undefined ? '' : `: ${found[2]}${found[1] === undefined ? '' : ` (${found[1]})`}`;
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
    this.#runs = false;
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGTERM');
    const cancel = systemClock.after(STOP_MS, () => this.#process.kill('SIGKILL'));
    const how = await this.#exit;
    cancel();
    if (how !== 0)
      throw new MakaiError('CHILD_FAILED', `${this.name} exited with ${how}; see ${this.logFile}`);
  }

  /** Resolves at the ready line. Later lines on stdout are read too, so that the child never blocks on a full pipe. */
  #ready(): Promise<void> {
    const { stdout } = this.#process;
    if (stdout === null) return new Promise(() => undefined);
    const lines = createInterface({ input: stdout });
    return new Promise((resolve) => {
      lines.on('line', (line) => {
        this.#lastLine = line;
        if (line.startsWith('{"ready"')) resolve();
      });
    });
  }
}
