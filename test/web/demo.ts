/** `makai up` for tests of the page, and its folder. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { freePort } from '../support/free-port.js';
import { killTree } from '../support/kill-tree.js';
import { until } from '../support/until.js';

const MAIN = join(PACKAGE_ROOT, 'dist/cli/main.js');
/** The sag of the demo comes after 12 s. A busy machine may miss it; the next one comes after two minutes. */
const SAG_PATIENCE_MS = 300_000;

export class Demo {
  readonly directory: string;
  /** address of the page */
  readonly page: string;
  readonly #child: ChildProcess;

  private constructor(directory: string, page: string, child: ChildProcess) {
    this.directory = directory;
    this.page = page;
    this.#child = child;
  }

  static async start(boxes: number, scenario: 'demo' | 'quiet' = 'demo'): Promise<Demo> {
    const directory = await mkdtemp(join(tmpdir(), 'makai-page-'));
    const args = [MAIN, 'up', '--json', '--boxes', String(boxes), '--dir', directory, '--scenario', scenario];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    for await (const line of createInterface({ input: child.stdout })) {
      const { kind, page } = JSON.parse(line) as { kind: string; page?: string };
      if (kind !== 'started') continue;
      assert.ok(page !== undefined);
      child.stdout.resume();
      return new Demo(directory, page, child);
    }
    throw new Error('makai up ended');
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(new URL(`api/v1${path}`, this.page));
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return (await response.json()) as T;
  }

  /** Id of an event with waveforms that were analysed. */
  async analysedEvent(): Promise<number> {
    let found: number | undefined;
    const isFound = async (): Promise<boolean> => {
      const { items } = await this.get<{ items: { event_id: number; measurement_type: string }[] }>(
        '/incidents?class=VOLTAGE_SAG',
      );
      found = items.find((one) => one.event_id >= 0)?.event_id;
      return found !== undefined;
    };
    await until('an incident of the demo', isFound, SAG_PATIENCE_MS);
    return found ?? -1;
  }

  /** The settings of its web service, with some changed. @returns path of the file */
  async settingsWith(changes: Record<string, unknown>): Promise<string> {
    const own = JSON.parse(await readFile(join(this.directory, 'web_service.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    const status = await freePort();
    const path = join(this.directory, 'web_service_2.json');
    await writeFile(path, JSON.stringify({ ...own, status: `127.0.0.1:${status}`, ...changes }));
    return path;
  }

  async stop(): Promise<void> {
    await killTree(this.#child.pid);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A web service of its own. @returns once it serves the page */
export async function startWeb(settings: string, address: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, 'web-service', settings], {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  await until('the web service serves', async () => {
    try {
      return (await fetch(`${address}api/v1/session`)).ok;
    } catch {
      return false;
    }
  });
  return child;
}
