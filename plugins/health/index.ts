/** health: an HTTP page that says which boxes are heard. See README.md. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { EventRequest, MeasurementColumns, Plugin, PluginContext } from '../sdk/plugin.js';

export const settingsSchema = z
  .object({
    address: z
      .string()
      .regex(/^.*:\d+$/, 'must be host:port')
      .default('0.0.0.0:8080'),
    trigger: z.boolean().default(false),
    trigger_window_ms: z.number().int().min(1).max(50_000).default(5000),
  })
  .strict();

/** A box counts as up while its newest measurement is younger than this, ms (the readers' own limit). */
const UP_MS = 20_000;
/** A box not heard this long leaves the list, ms. */
const FORGET_MS = 86_400_000;

export default class HealthPlugin implements Plugin {
  readonly name = 'health';
  /** box id → newest measurement's time, Unix ms */
  readonly #boxes = new Map<number, number>();
  #settings = settingsSchema.parse({});
  #context: PluginContext | undefined;
  #server: Server | undefined;
  #triggered = false;

  async onLoad(settings: Record<string, unknown>, context: PluginContext): Promise<void> {
    const { path: _path, ...own } = settings;
    const result = settingsSchema.safeParse(own);
    if (!result.success)
      throw new Error(
        result.error.issues.map((i) => `${i.path.join('.') || 'settings'}: ${i.message}`).join('; '),
      );
    this.#settings = result.data;
    this.#context = context;
    const at = result.data.address.lastIndexOf(':');
    const host = result.data.address.slice(0, at).replace(/^\[|\]$/g, '');
    const port = Number(result.data.address.slice(at + 1));
    const server = createServer((request, response) => this.#answer(request, response));
    server.maxConnections = 100;
    server.requestTimeout = 10_000;
    server.headersTimeout = 5000;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host || '0.0.0.0', resolve);
    });
    this.#server = server;
    context.log.info(`health page at http://${host || '0.0.0.0'}:${this.port}/`);
  }

  /** The port in use, 0 while not listening. */
  get port(): number {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    return address?.port ?? 0;
  }

  processBatch(columns: MeasurementColumns): EventRequest | undefined {
    for (let i = 0; i < columns.count; i++)
      this.#boxes.set(columns.boxId[i] ?? 0, columns.timestampMs[i] ?? 0);
    return this.#takeTrigger();
  }

  onTick(nowMs: number): EventRequest | undefined {
    for (const [boxId, timeMs] of this.#boxes) if (nowMs - timeMs > FORGET_MS) this.#boxes.delete(boxId);
    return this.#takeTrigger();
  }

  async onUnload(): Promise<undefined> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url?.split('?', 1)[0];
    const known = request.method === 'GET' || request.method === 'HEAD';
    if (path === '/' && known) {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(this.#report()));
    } else if (path === '/trigger' && this.#settings.trigger && (known || request.method === 'POST')) {
      this.#triggered = true;
      response.writeHead(418, { 'Content-Type': 'text/plain' }).end('Triggered');
    } else {
      response.writeHead(404).end();
    }
  }

  #report(): object {
    const now = this.#now();
    const subcomponents = [...this.#boxes].map(([boxId, timeMs]) => ({
      name: String(boxId),
      timestamp: Math.floor(Math.min(timeMs, now) / 1000),
      ok: now - timeMs < UP_MS,
    }));
    return { name: 'makai', ok: true, timestamp: Math.floor(now / 1000), subcomponents };
  }

  /** One request for all boxes that are up, after /trigger was called, however often since the last one. */
  #takeTrigger(): EventRequest | undefined {
    if (!this.#triggered) return undefined;
    this.#triggered = false;
    const now = this.#now();
    const boxIds = [...this.#boxes].filter(([, timeMs]) => now - timeMs < UP_MS).map(([boxId]) => boxId);
    if (boxIds.length === 0) return undefined;
    return {
      startMs: now - this.#settings.trigger_window_ms,
      endMs: now,
      boxIds,
      triggerType: 'OTHER',
      percentMagnitude: 0,
      description: 'health: asked for by /trigger',
      requestData: true,
    };
  }

  #now(): number {
    return this.#context?.now() ?? Date.now();
  }
}
