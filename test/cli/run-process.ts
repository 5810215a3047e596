/** Runs a program of the build as a process, and reads its lines as they come. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PACKAGE_ROOT } from '../../common/package-root.js';

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export class RunningProgram {
  readonly child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting: (() => void)[] = [];
  #stdout = '';
  #stderr = '';
  #ended = false;

  /** @param script path below dist/ */
  constructor(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [join(PACKAGE_ROOT, 'dist', script), ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stderr?.on('data', (data: Buffer) => {
      this.#stderr += data.toString();
      this.#wake();
    });
    if (this.child.stdout) {
      createInterface(this.child.stdout).on('line', (line) => {
        this.#stdout += `${line}\n`;
        this.#lines.push(line);
        this.#wake();
      });
    }
    this.child.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The next line of stdout; undefined once the program has ended. */
  async line(): Promise<string | undefined> {
    while (this.#lines.length === 0 && !this.#ended)
      await new Promise<void>((wake) => this.#waiting.push(wake));
    return this.#lines.shift();
  }

  /** Fulfilled once stderr matches; rejected if the program ends before. */
  async stderrMatches(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#stderr)) {
      if (this.#ended) throw new Error(`ended without ${pattern}: ${this.#stderr}`);
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  async end(): Promise<Outcome> {
    if (!this.#ended) await once(this.child, 'close');
    const { exitCode: code, signalCode: signal } = this.child;
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr };
  }
}

/** The `makai` processes of a test. */
export class Programs {
  readonly #programs: RunningProgram[] = [];

  readonly start = (...args: string[]): RunningProgram => {
    const program = new RunningProgram('cli/main.js', args);
    this.#programs.push(program);
    return program;
  };

  /** Ends them by SIGKILL, those that were started last first. */
  async kill(): Promise<void> {
    const programs = this.#programs.splice(0).reverse();
    for (const program of programs) program.child.kill('SIGKILL');
    await Promise.all(programs.map((program) => program.end()));
  }
}

/** Runs `makai` with arguments to its end. */
export function makai(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new RunningProgram('cli/main.js', args, env).end();
}
