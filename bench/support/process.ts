/** Processes that are measured: start, wait until ready, CPU and memory of that process from /proc. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';

/** Clock ticks per second in /proc/<pid>/stat (USER_HZ, 100 on every Linux that Node supports). */
const TICKS = 100;

export class Measured {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: string[] = [];
  #take: ((line: string) => void) | undefined;
  #ended: Error | undefined;
  #fail: ((error: Error) => void) | undefined;

  constructor(name: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.name = name;
    this.#child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    if (this.#child.stdout === null) throw new Error(`${name}: no output`);
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#lines.on('line', (line) => {
      const take = this.#take;
      this.#take = undefined;
      if (take === undefined) this.#waiting.push(line);
      else take(line);
    });
    this.#child.on('exit', (code, signal) => {
      this.#ended = new Error(`${name} exited (${code ?? signal})`);
      this.#fail?.(this.#ended);
    });
  }

  /** The next line of its output. @throws Error when it exits before */
  async line(): Promise<string> {
    const line = this.#waiting.shift();
    if (line !== undefined) return line;
    if (this.#ended !== undefined) throw this.#ended;
    return new Promise((resolve, reject) => {
      this.#take = resolve;
      this.#fail = reject;
    });
  }

  /** Waits for a line that contains `text`. */
  async until(text: string): Promise<void> {
    while (!(await this.line()).includes(text));
  }

  /** The next line as JSON. */
  async json<T>(): Promise<T> {
    return JSON.parse(await this.line()) as T;
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** User and system CPU seconds so far of this process with all its threads. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  }

  /** CPU seconds so far by name of thread; threads of the same name are added up, `main` is the first one. */
  threadSeconds(): Map<string, number> {
    const tasks = `/proc/${this.#child.pid}/task`;
    const seconds = new Map<string, number>();
    for (const id of readdirSync(tasks)) {
      const isMain = Number(id) === this.#child.pid;
      const name = isMain ? 'main' : readFileSync(`${tasks}/${id}/comm`, 'utf8').trim();
      const [ns] = readFileSync(`${tasks}/${id}/schedstat`, 'utf8').split(' ');
      seconds.set(name, (seconds.get(name) ?? 0) + Number(ns) / 1e9);
    }
    return seconds;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resident memory, MB. */
  rssMb(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#ended !== undefined) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exit;
  }
}
