/**
 * Starts systemd-nspawn with control groups of its own, so that several containers can run at the same time, also on a machine whose own init is not
 * systemd.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { killTree } from './kill-tree.js';
import { until } from './until.js';

/** Puts itself into the control groups, then becomes the program, which ends when the tests do, however they end. */
const LAUNCH =
  'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec setpriv --pdeathsig TERM "$@"';
const PATIENCE_MS = 120_000;

export class Nspawn {
  readonly #program: ChildProcess;
  readonly #groups: readonly string[];
  readonly #ended: Promise<number | null>;

  /**
   * @param name of the machine; no other has it at the time
   * @param args of systemd-nspawn, beside those that every container has
   * @param output a file descriptor for what it prints
   */
  constructor(name: string, args: readonly string[], output: number) {
    this.#groups = makeControlGroups(name);
    const common = ['--quiet', `--machine=${name}`, '--register=no', '--keep-unit', '--timezone=off'];
    const command = ['systemd-nspawn', ...common, '--link-journal=no', ...args];
    this.#program = spawn('sh', ['-c', LAUNCH, 'sh', ...this.#groups, '--', ...command], {
      stdio: ['ignore', output, output],
      env: { PATH: process.env.PATH ?? '' },
    });
    this.#ended = once(this.#program, 'exit').then(async ([code]) => {
      await removeControlGroups(this.#groups);
      return code as number | null;
    });
  }

  get isRunning(): boolean {
    return this.#program.exitCode === null && this.#program.signalCode === null;
  }

  /** PID of the process that is PID 1 in the container, as this machine sees it; undefined while there is none. */
  get leader(): number | undefined {
    return this.isRunning ? leaderOf(this.#program.pid ?? 0) : undefined;
  }

  /** The exit code, once it ends by itself. @throws Error where it does not within two minutes */
  async end(): Promise<number | null> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    const isLate = once(late, 'abort').then(() => undefined);
    const code = await Promise.race([this.#ended, isLate]);
    assert.ok(code !== undefined, 'the container does not end');
    return code;
  }

  /** Ends it whatever it does. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    await killTree(this.#program.pid);
    await this.#ended;
  }
}

/**
 * Makes a group below this process' own in each hierarchy that systemd works with: version 2, and version 1's `name=systemd` where the machine
 * has it.
 * @returns the folders
 */
function makeControlGroups(name: string): string[] {
  const own = readFileSync('/proc/self/cgroup', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(':'));
  return mounts().map(({ folder, hierarchy }) => {
    const path =
      own.find(([id, names]) => (hierarchy === 'v2' ? id === '0' : names === 'name=systemd'))?.[2] ?? '/';
    const below = join(folder, path);
    const group = join(existsSync(below) ? below : folder, name);
    mkdirSync(group);
    return group;
  });
}

/** Removes groups and what is below them, once the last process in them is gone. */
async function removeControlGroups(groups: readonly string[]): Promise<void> {
  for (const group of groups.filter((one) => existsSync(one))) {
    const folders = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    await removeControlGroups(folders.map(({ name }) => join(group, name)));
    await until(`${group} is empty`, async () => readFileSync(join(group, 'cgroup.procs'), 'utf8') === '');
    rmdirSync(group);
  }
}

interface Mount {
  folder: string;
  hierarchy: 'v1' | 'v2';
}

function mounts(): Mount[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .flatMap((line): Mount[] => {
      const [, folder = '', type, options = ''] = line.split(' ');
      if (type === 'cgroup2') return [{ folder, hierarchy: 'v2' }];
      const isSystemd = type === 'cgroup' && options.split(',').includes('name=systemd');
      return isSystemd ? [{ folder, hierarchy: 'v1' }] : [];
    });
}

/** The child that is PID 1 of its own PID namespace; undefined while there is none. */
function leaderOf(program: number): number | undefined {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .find((pid) => {
      const status = statusOf(pid);
      return new RegExp(`^PPid:\\s+${program}$`, 'm').test(status) && /^NSpid:\s+\d+\s+1$/m.test(status);
    });
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return ''; // It has ended meanwhile.
  }
}
