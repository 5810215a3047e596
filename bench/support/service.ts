/** The triggering service as a process under a stream of measurements, with its status. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import type { TriggeringServiceStatus } from '../../triggering-service/status.js';
import { freePort } from './free-port.js';
import { peer } from './peers.js';
import { Measured } from './process.js';

export interface ServiceOptions {
  boxes: number;
  /** 2: TriggerMessage, 3: Measurement with four metrics */
  dialect: 2 | 3;
  /** ms of box time between measurements */
  stepMs: number;
  /** store URL */
  store: string;
  plugins?: { path: string }[];
  /** the core of the service with all its threads; the stream runs on another one. Undefined: not pinned */
  cpu?: number | undefined;
  /** starts another subscriber of the stream, which the stream waits for before it begins */
  beside?: (endpoint: string) => Promise<void>;
}

export interface Outcome {
  /** of the service's process only, microseconds per measurement */
  cpuUs: number;
  /** from the first measurement sent until all were received */
  takenPerSecond: number;
  /** the same, until all were stored */
  storedPerSecond: number;
  /** sent, but not received by the service, or dropped before a plugin or the store */
  lost: number;
  rssMb: number;
}

const LONGEST_MS = 120_000;
const LOOK_MS = 50;
/** After this time without a measurement, no more are expected. */
const QUIET_MS = 1500;

export class Service {
  readonly process: Measured;
  readonly #stream: Measured;
  readonly #folder: string;
  readonly #status: string;
  #sent = 0;

  static async start(options: ServiceOptions): Promise<Service> {
    const { beside, boxes, dialect, stepMs, store, plugins = [], cpu } = options;
    const folder = mkdtempSync(join(tmpdir(), 'makai-bench-'));
    const endpoint = `tcp://127.0.0.1:${await freePort()}`;
    const file = join(folder, 'makai.conf');
    const config = {
      zmq_trigger_endpoint: endpoint,
      zmq_acquisition_endpoint: `tcp://127.0.0.1:${await freePort()}`,
      store,
      spool: { path: join(folder, 'spool') },
      plugins,
      status: '127.0.0.1:0',
      metric_update_sec: 0,
      // Its stream begins half a day ago: beside others it is long enough for the clock of each box to be a finding.
      log_level: beside === undefined ? 'warn' : 'error',
      limits: { measurements_per_second: 100_000, measurements_burst: 10_000_000 },
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    const subscribers = beside === undefined ? '1' : '2';
    const args = [endpoint, String(dialect), String(boxes), String(stepMs), subscribers];
    const stream = start('stream', peer('stream'), args, cpu === undefined ? undefined : 1 - cpu);
    const program = [join(PACKAGE_ROOT, 'dist/cli/main.js'), 'triggering-service', file];
    const daemon = start('triggering-service', process.execPath, program, cpu);
    const { endpoints } = await daemon.json<{ endpoints: { status: string } }>();
    await beside?.(endpoint);
    await stream.until('ready');
    return new Service(daemon, stream, folder, endpoints.status);
  }

  private constructor(daemon: Measured, stream: Measured, folder: string, status: string) {
    this.process = daemon;
    this.#stream = stream;
    this.#folder = folder;
    this.#status = status;
  }

  /**
   * Sends measurements and waits until the service has processed them.
   * @param rate measurements per second in an open loop; 0: as fast as the service accepts them
   */
  async measure(messages: number, rate = 0): Promise<Outcome> {
    const before = await this.status();
    const cpu = this.process.cpuSeconds();
    const start = performance.now();
    this.#stream.write(`${messages} ${rate}\n`);
    await this.#stream.line();
    this.#sent += messages;
    const { taken, takenMs, storedMs, status } = await this.#settled(before, messages);
    const seconds = (ms: number): number => (ms - start) / 1000;
    const dropped = (s: TriggeringServiceStatus): number =>
      (s.dropped.store_too_slow ?? 0) + s.plugins.reduce((sum, p) => sum + p.dropped_measurements, 0);
    return {
      cpuUs: ((this.process.cpuSeconds() - cpu) * 1e6) / taken,
      takenPerSecond: taken / seconds(takenMs),
      storedPerSecond: taken / seconds(storedMs),
      lost: messages - taken + dropped(status) - dropped(before),
      rssMb: this.process.rssMb(),
    };
  }

  async status(): Promise<TriggeringServiceStatus> {
    const response = await fetch(`http://${this.#status.replace(/^.*:\/\//, '')}/status`);
    return ((await response.json()) as { details: TriggeringServiceStatus }).details;
  }

  async #settled(before: TriggeringServiceStatus, messages: number) {
    const start = performance.now();
    let takenMs: number | undefined;
    let last = { taken: -1, ms: start };
    for (;;) {
      const status = await this.status();
      const now = performance.now();
      const taken = status.measurements - before.measurements;
      if (taken !== last.taken) last = { taken, ms: now };
      const over = taken >= messages || now - last.ms > QUIET_MS;
      if (over) takenMs ??= last.ms;
      const behind = status.plugins.some(
        (p) => p.state === 'running' && p.measurements + p.dropped_measurements < status.measurements,
      );
      if (over && status.store.waiting === 0 && (!behind || now - last.ms > QUIET_MS)) {
        return { taken, takenMs: takenMs ?? now, storedMs: now, status };
      }
      if (now - start > LONGEST_MS) throw new Error(`only ${taken} of ${messages} measurements were taken`);
      await sleep(LOOK_MS);
    }
  }

  async stop(): Promise<void> {
    await this.process.stop('SIGKILL');
    await this.#stream.stop('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Pins to a core if there are two. With one core, both share it. */
function start(name: string, program: string, args: readonly string[], cpu: number | undefined): Measured {
  if (cpu === undefined) return new Measured(name, program, args);
  return new Measured(name, 'taskset', ['-c', String(cpu), program, ...args]);
}
