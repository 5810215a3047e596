/** How many measurements a second a plugin takes, in full batches of a busy stream. */

import type { PluginControl } from '../../plugin-host/control.js';
import type { PluginLimits } from '../../plugin-host/limits.js';
import { loadPlugin } from '../../plugin-host/load-plugin.js';
import type { PluginFile } from '../../plugin-host/resolve-plugin.js';
import { ResultCollector } from '../../plugin-host/result-collector.js';
import type { PluginContext } from '../../plugins/sdk/plugin.js';
import { createColumns, METRICS, type MeasurementColumns } from '../../proto/columns.js';
import { MAX_BATCH } from '../../stream/ring.js';

const BOXES = 100;
const BATCHES = 32;
/** The engine compiles what runs often; until then it is not measured. */
const WARM_UP_MS = 200;
const MEASURE_MS = 400;

/** Another instance of the plugin (of a JavaScript plugin that is an object: the same one), fed with an undisturbed grid. */
export async function measurementsPerSecond(
  {
    file,
    memoryMb,
    settings,
  }: { file: PluginFile; settings: Record<string, unknown> } & Pick<PluginLimits, 'memoryMb'>,
  context: PluginContext,
  control: PluginControl,
): Promise<number> {
  const quiet = { ...context, log: { debug: ignore, info: ignore, warn: ignore, error: ignore } };
  const plugin = await loadPlugin(file, memoryMb);
  control.enter('load');
  await plugin.configure(settings, quiet);
  control.leave();
  const batches = undisturbedGrid();
  const out = new ResultCollector();
  let measured = 0;
  let tookNs = 0n;
  const begin = performance.now();
  for (let i = 0; performance.now() - begin < WARM_UP_MS + MEASURE_MS; i++) {
    const batch = batches[i % BATCHES];
    if (batch === undefined) break;
    const warm = performance.now() - begin >= WARM_UP_MS;
    control.enter('batch');
    const from = process.hrtime.bigint();
    plugin.process(batch, out);
    if (warm) {
      tookNs += process.hrtime.bigint() - from;
      measured += batch.count;
    }
    control.leave();
    out.take();
    later(batch);
  }
  return tookNs === 0n ? 0 : Math.round((measured * 1e9) / Number(tookNs));
}

/** Batches of a hundred boxes in turn, six measurements a second each. */
export function undisturbedGrid(batches = BATCHES, boxes = BOXES): MeasurementColumns[] {
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return seed / 0x7fff_ffff;
  };
  return Array.from({ length: batches }, (_, b) => {
    const columns = createColumns(MAX_BATCH);
    columns.count = MAX_BATCH;
    for (let i = 0; i < MAX_BATCH; i++) {
      const k = b * MAX_BATCH + i;
      columns.boxId[i] = 1001 + (k % boxes);
      columns.timestampMs[i] = 1_700_000_000_000 + Math.floor(k / boxes) * 166;
      columns.dialect[i] = 2;
      const values = {
        f: 60 + 0.01 * (random() - 0.5),
        rms: 120 + random() - 0.5,
        thd: 0.02 + 0.001 * random(),
        trans: 1 + random(),
      };
      for (const metric of METRICS) {
        columns[metric].min[i] = values[metric];
        columns[metric].average[i] = values[metric];
        columns[metric].max[i] = values[metric];
      }
    }
    return columns;
  });
}

/** The same batch again, as much later as all of them last. */
function later(batch: MeasurementColumns): void {
  const span = Math.ceil((BATCHES * MAX_BATCH) / BOXES) * 166;
  for (let i = 0; i < batch.count; i++) batch.timestampMs[i] = (batch.timestampMs[i] ?? 0) + span;
}

function ignore(): void {
  // nobody reads the log of a measurement of speed
}
