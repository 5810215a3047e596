/** `npm run bench -- plugins`: what the plugins that ship take, through the host's own path: ring, copy, session. */
import { undisturbedGrid } from '../cli/plugin/speed.js';
import { siteMembers } from '../plugin-host/context.js';
import { JavaScriptPlugin } from '../plugin-host/javascript-plugin.js';
import { DEFAULT_PLUGIN_LIMITS } from '../plugin-host/limits.js';
import { loadPlugin } from '../plugin-host/load-plugin.js';
import { PluginSession } from '../plugin-host/plugin-session.js';
import { resolvePlugin } from '../plugin-host/resolve-plugin.js';
import { Site } from '../plugin-host/site.js';
import type { Plugin, PluginContext } from '../plugins/sdk/plugin.js';
import { createColumns, METRICS, type MeasurementColumns } from '../proto/columns.js';
import { createRing, MAX_BATCH, RingReader, RingWriter } from '../stream/ring.js';
import { type Benchmark, type Comparison, compare } from './compare.js';

const BATCHES = 64;
/** How often the batches are played per round. */
const PASSES = 4;
const FLEETS = [100, 10_000];

interface Case {
  name: string;
  /** one measurement of this number has a sag; 0: none */
  sagEvery: number;
}
const CASES: readonly Case[] = [
  { name: 'undisturbed grid', sagEvery: 0 },
  { name: 'a sag in 1,000 measurements', sagEvery: 1000 },
];

/** Reads a batch and does nothing with it. */
const NOTHING = { name: 'nothing', processBatch: () => undefined };

const quiet = () => undefined;
const context: PluginContext = {
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  now: () => 1_700_000_000_000,
  ...siteMembers(new Site()),
  report: quiet,
};

/** One plugin, fed from a ring as its worker feeds it. */
class Fed {
  readonly #writer: RingWriter;
  readonly #reader: RingReader;
  readonly #batch = createColumns(MAX_BATCH);
  readonly #session: PluginSession;
  readonly #spanMs: number;
  asked = 0;

  private constructor(session: (count: (requests: number) => void) => PluginSession, boxes: number) {
    const ring = createRing(4 * MAX_BATCH, 8);
    this.#writer = new RingWriter(ring);
    this.#reader = new RingReader(ring, this.#writer.position);
    this.#session = session((requests) => {
      this.asked += requests;
    });
    this.#spanMs = Math.ceil((BATCHES * MAX_BATCH) / boxes) * 166;
  }

  static async start(which: string | Plugin, boxes: number): Promise<Fed> {
    const plugin =
      typeof which === 'string'
        ? await loadPlugin(resolvePlugin(which), DEFAULT_PLUGIN_LIMITS.memoryMb)
        : new JavaScriptPlugin(which, '');
    const fed = new Fed(
      (count) =>
        new PluginSession(plugin, {
          requests: (found) => count(found.length),
          results: quiet,
          refusals: quiet,
        }),
      boxes,
    );
    await plugin.configure({}, context);
    return fed;
  }

  /** Plays the batches, each time with later timestamps. @returns measurements per second, only of reading and processing */
  play(batches: readonly MeasurementColumns[]): number {
    let took = 0n;
    for (let pass = 0; pass < PASSES; pass++) {
      for (const batch of batches) {
        this.#publish(batch);
        const begin = process.hrtime.bigint();
        if (this.#reader.read(this.#batch) !== MAX_BATCH) throw new Error('a batch was lost');
        this.#session.process(this.#batch);
        took += process.hrtime.bigint() - begin;
      }
      this.#laterMs += this.#spanMs;
    }
    return (PASSES * batches.length * MAX_BATCH * 1e9) / Number(took);
  }

  #laterMs = 0;

  #publish(batch: MeasurementColumns): void {
    const { columns, start } = this.#writer;
    columns.boxId.set(batch.boxId, start);
    columns.dialect.set(batch.dialect, start);
    columns.invalid.set(batch.invalid, start);
    for (const metric of METRICS) {
      columns[metric].min.set(batch[metric].min, start);
      columns[metric].average.set(batch[metric].average, start);
      columns[metric].max.set(batch[metric].max, start);
    }
    for (let i = 0; i < MAX_BATCH; i++) {
      columns.timestampMs[start + i] = (batch.timestampMs[i] ?? 0) + this.#laterMs;
    }
    this.#writer.at += MAX_BATCH;
    this.#writer.publish();
  }
}

async function comparison(
  plugin: string,
  boxes: number,
  { name, sagEvery }: Case,
  rounds: number,
): Promise<Comparison> {
  const batches = undisturbedGrid(BATCHES, boxes);
  let k = 0;
  for (const { rms } of batches) {
    for (let i = 0; i < MAX_BATCH; i++, k++) if (sagEvery > 0 && k % sagEvery === 0) rms.min[i] = 100;
  }
  const none = await Fed.start(NOTHING, boxes);
  const fed = await Fed.start(plugin, boxes);
  return compare(
    {
      title: `${plugin}, ${boxes.toLocaleString('en-US')} boxes, ${name}`,
      unit: 'measurements/s',
      better: 'higher',
      baseline: 'the ring alone',
      contenders: [
        { name: 'the ring alone', once: () => none.play(batches) },
        { name: plugin, once: () => fed.play(batches) },
      ],
    },
    rounds,
  );
}

export const plugins: Benchmark = {
  name: 'plugins',
  what: 'threshold (TypeScript) and napali (WebAssembly), read from the ring as their threads do, against a plugin that does nothing',
  run: async ({ rounds }) => {
    const results: Comparison[] = [];
    for (const plugin of ['threshold', 'napali']) {
      for (const boxes of FLEETS) {
        for (const one of CASES) results.push(await comparison(plugin, boxes, one, rounds));
      }
    }
    return results;
  },
};
