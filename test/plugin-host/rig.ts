/** A plugin host with a ring, fed by hand, and plugins in a folder of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../common/log.js';
import { PluginHost, type PluginHostOptions } from '../../plugin-host/plugin-host.js';
import type { PluginStatus } from '../../plugin-host/plugin-status.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import { METRICS } from '../../proto/columns.js';
import { createRing, MAX_BATCH, RingWriter } from '../../stream/ring.js';

export const FIRST_MS = 1_700_000_000_000;

export class HostRig {
  readonly folder = mkdtempSync(join(tmpdir(), 'makai-plugins-'));
  readonly requests: { plugin: string; request: EventRequest }[] = [];
  readonly lines: Record<string, unknown>[] = [];
  readonly writer: RingWriter;
  readonly host: PluginHost;
  sent = 0;

  constructor(options: Partial<PluginHostOptions> = {}) {
    const ring = createRing(64 * MAX_BATCH, 4096);
    this.writer = new RingWriter(ring);
    this.host = new PluginHost({
      ring,
      log: createLogger('test', 'debug', { write: (line) => void this.lines.push(JSON.parse(line)) }),
      requests: (found, plugin) => this.requests.push(...found.map((request) => ({ plugin, request }))),
      pauses: { firstMs: 20, maxMs: 200 },
      ...options,
    });
  }

  /** Writes a plugin into the folder. @returns its path */
  file(name: string, content: string | Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** Publishes a batch: boxes 1 to 10 in turn, 120 V, each measurement 1 ms after the one before. */
  feed(count: number, rms = 120): void {
    const { columns } = this.writer;
    for (let i = 0; i < count; i++) {
      if (this.writer.full) this.publish();
      const at = this.writer.at++;
      columns.timestampMs[at] = FIRST_MS + this.sent;
      columns.boxId[at] = 1 + (this.sent % 10);
      columns.invalid[at] = 0;
      columns.dialect[at] = 2;
      for (const metric of METRICS) {
        const value = metric === 'rms' ? rms : Number.NaN;
        columns[metric].min[at] = value;
        columns[metric].average[at] = value;
        columns[metric].max[at] = value;
      }
      this.sent += 1;
    }
    this.publish();
  }

  publish(): void {
    this.writer.publish();
    this.host.wake();
  }

  plugin(id: string): PluginStatus {
    const found = this.host.status().find((status) => status.id === id);
    if (!found) throw new Error(`no plugin ${id} in the status`);
    return found;
  }

  logged(id: string, message: string): Record<string, unknown>[] {
    return this.lines.filter((line) => line.plugin === id && line.msg === message);
  }

  async stop(): Promise<void> {
    await this.host.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits until something is true; the test's own time limit ends the wait. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
