/**
 * A machine of a test: a network, processes, /etc and /var/lib of its own (namespaces), and the programs of this one. Two are joined by a cable. Needs root,
 * unshare, nsenter and ip. Everything in it ends with the tests, also when these are killed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { attempt, type CommandResult, run } from './command.js';

const NAMESPACES = ['--net', '--mount', '--pid'];
const CABLE = 'cable';
/** Of a program's output. */
const KEPT_BYTES = 20_000;

/** PID 1 of the machine: waits for the end of its input, which is ours. */
const INIT = `
set -e
cp -a /etc "$0/etc"
rm -rf "$0/etc/opq" "$0/etc/nats"
mkdir "$0/lib"
mount --bind "$0/etc" /etc
mount --bind "$0/lib" /var/lib
ip link set lo up
echo ready
exec cat`;

/** Whether machines can be made here. */
export function canMakeMachines(): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/proc/thread-self/children')) return false;
  const done = spawnSync('unshare', [...NAMESPACES, '--fork', 'ip', 'link', 'set', 'lo', 'up']);
  return done.status === 0 && spawnSync('nsenter', ['--version']).status === 0;
}

/** A program that runs on a machine. */
export interface Program {
  /** its id there */
  readonly pid: number;
  /** the end of what it printed */
  output(): string;
  isRunning(): boolean;
  /** Sends it a signal. Fulfilled when it has ended. */
  end(signal: 'INT' | 'TERM' | 'KILL'): Promise<void>;
}

export class Machine {
  readonly #init: ChildProcess;
  readonly #pid: number;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(init: ChildProcess, pid: number, env: NodeJS.ProcessEnv) {
    this.#init = init;
    this.#pid = pid;
    this.#env = env;
  }

  /** @param folder an empty one; `etc` and `lib` in it are its /etc, which begins as ours without settings of Makai and NATS, and its /var/lib, which begins empty */
  static async start(folder: string, env: NodeJS.ProcessEnv = process.env): Promise<Machine> {
    mkdirSync(folder, { recursive: true });
    const args = [...NAMESPACES, '--fork', '--kill-child', '--mount-proc', 'sh', '-c', INIT, folder];
    const init = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const [first] = await Promise.race([
      once(createInterface({ input: init.stdout }), 'line'),
      once(init, 'exit'),
    ]);
    if (first !== 'ready') throw new Error(`a machine in ${folder} ended: ${first}`);
    const pid = Number(readFileSync(`/proc/${init.pid}/task/${init.pid}/children`, 'utf8').trim());
    return new Machine(init, pid, env);
  }

  /** Connects two machines. */
  static async join(a: Machine, addressA: string, b: Machine, addressB: string): Promise<void> {
    const ends = `${CABLE} netns ${a.#pid} type veth peer name ${CABLE} netns ${b.#pid}`;
    await run(['ip', 'link', 'add', ...ends.split(' ')]);
    for (const [machine, address] of [
      [a, addressA],
      [b, addressB],
    ] as const) {
      await machine.run(['ip', 'address', 'add', address, 'dev', CABLE]);
      await machine.plug('up');
    }
  }

  /** `down`: nothing crosses its cable. Its own address stays reachable from itself. */
  async plug(state: 'up' | 'down'): Promise<void> {
    await this.run(['ip', 'link', 'set', CABLE, state]);
  }

  /** Runs a command to its end, which must be good. @returns its output */
  run(command: readonly string[]): Promise<string> {
    return run(this.#inside(command), { env: this.#env });
  }

  attempt(command: readonly string[]): Promise<CommandResult> {
    return attempt(this.#inside(command), { env: this.#env });
  }

  /** Writes a file with mode 0600, and makes its folder. */
  async write(path: string, text: string): Promise<void> {
    const source = Buffer.from(text).toString('base64');
    const script = 'umask 077; mkdir -p "$(dirname "$0")"; echo "$1" | base64 -d > "$0"';
    await this.run(['sh', '-c', script, path, source]);
  }

  /** Starts a program that goes on until it is ended. @param log file for what it prints */
  async start(command: string, log: string): Promise<Program> {
    mkdirSync(dirname(log), { recursive: true });
    const child = spawn('nsenter', this.#inside(['sh', '-c', `echo $$; exec ${command}`]).slice(1), {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exit = once(child, 'exit');
    let output = '';
    const keep = (text: string): void => {
      output = (output + text).slice(-KEPT_BYTES);
      writeFileSync(log, text, { flag: 'a' });
    };
    child.stderr.setEncoding('utf8').on('data', keep);
    child.stdout.setEncoding('utf8').on('data', keep);
    const [first] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), exit]);
    const pid = Number(first);
    const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
    return {
      pid,
      output: () => output,
      isRunning,
      end: async (signal) => {
        if (isRunning()) await this.attempt(['kill', '-s', signal, `${pid}`]);
        await exit;
      },
    };
  }

  /** Everything in it ends. */
  async stop(): Promise<void> {
    if (this.#init.exitCode !== null || this.#init.signalCode !== null) return;
    const exit = once(this.#init, 'exit');
    this.#init.stdin?.end();
    await exit;
    // Its processes are gone with its PID 1, their mounts a moment later.
    await sleep(100);
  }

  #inside(command: readonly string[]): string[] {
    return ['nsenter', `--target=${this.#pid}`, ...NAMESPACES, '--', ...command];
  }
}
