/**
 * A Debian with systemd as PID 1 on a copy of a root folder, in a container without network (systemd-nspawn). Commands run in it by nsenter.
 */
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { attempt, type CommandResult, run } from '../support/command.js';
import { Nspawn } from '../support/nspawn.js';
import { until } from '../support/until.js';

/** systemd-nspawn --keep-unit ends with it where the container asks to be started again. */
const REBOOT = 133;

export class Container {
  /** the root folder, from outside */
  readonly root: string;
  readonly #folder: string;
  #machine: Nspawn | undefined;
  #leader = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.root = join(folder, 'root');
  }

  /** A container that is not started yet, with a copy of the root folder. */
  static async of(root: string): Promise<Container> {
    const folder = mkdtempSync(join(tmpdir(), 'makai-systemd-'));
    await run(['cp', '-a', root, join(folder, 'root')]);
    return new Container(folder);
  }

  /** PID of its systemd, as this machine sees it. */
  get leader(): number {
    return this.#leader;
  }

  /** Boots it; resolves when its systemd has started all that it starts at boot. */
  async boot(): Promise<void> {
    const console = openSync(join(this.#folder, 'console'), 'a');
    // What systemd allows a service is not refused by the container itself: the units are what is tested.
    const calls = '--system-call-filter=@system-service';
    const args = ['--private-network', calls, '--directory', this.root, '--boot'];
    const machine = new Nspawn(basename(this.#folder).toLowerCase(), args, console);
    closeSync(console);
    this.#machine = machine;
    await until('the container has booted', async () => {
      assert.ok(machine.isRunning, `the container ended:\n${this.console()}`);
      this.#leader = machine.leader ?? 0;
      if (this.#leader === 0) return false;
      const { stdout } = await this.attempt('systemctl', 'is-system-running');
      return stdout.trim() === 'running' || stdout.trim() === 'degraded';
    });
  }

  /** Runs a command in the container as root, which must succeed. @returns its standard output */
  run(...command: string[]): Promise<string> {
    return run(this.#inside(command));
  }

  /** The same, whatever its exit code. */
  attempt(...command: string[]): Promise<CommandResult> {
    return attempt(this.#inside(command));
  }

  /** A clean reboot, as `systemctl reboot`. */
  async reboot(): Promise<void> {
    const code = await this.#end('reboot');
    assert.equal(code, REBOOT, `no reboot:\n${this.console()}`);
    await this.boot();
  }

  /** Switches it off and removes it, also where it does not answer. */
  async remove(): Promise<void> {
    try {
      if (this.#machine?.isRunning) await this.#end('poweroff');
    } finally {
      await this.#machine?.kill();
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  /** The end of what it printed on its console. */
  console(): string {
    return readFileSync(join(this.#folder, 'console'), 'utf8').slice(-3000);
  }

  async #end(how: 'poweroff' | 'reboot'): Promise<number | null> {
    assert.ok(this.#machine?.isRunning, 'the container does not run');
    const ended = this.#machine.end();
    // Its exit code says nothing: the machine may be gone before systemctl is.
    await this.attempt('systemctl', how);
    return ended;
  }

  #inside(command: readonly string[]): string[] {
    const environment = [
      'env',
      '-i',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOME=/root',
    ];
    const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--root', '--wd'];
    return ['nsenter', `--target=${this.#leader}`, ...namespaces, ...environment, ...command];
  }
}
