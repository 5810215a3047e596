/** History as columns, in batches of the size that a WebAssembly plugin is given. */
import type { PluginMeasurement, PluginTrend } from '../plugins/sdk/plugin.js';
import { createColumns, flagBits, METRICS, type MeasurementColumns } from '../proto/columns.js';
import { MAX_BATCH } from '../stream/ring.js';

/** The same columns each time: what is yielded is only valid until the next step. */
export function* batchesOf(
  rows: readonly (PluginMeasurement | PluginTrend)[],
): Generator<MeasurementColumns> {
  const columns = createColumns(MAX_BATCH);
  for (let from = 0; from < rows.length; from += MAX_BATCH) {
    columns.count = 0;
    for (const row of rows.slice(from, from + MAX_BATCH)) {
      const at = columns.count++;
      columns.boxId[at] = row.boxId;
      columns.timestampMs[at] = row.timestampMs;
      columns.dialect[at] = 0; // a stored row does not say
      columns.invalid[at] =
        'invalid' in row
          ? METRICS.reduce((bits, m, i) => bits | (row.invalid.includes(m) ? 1 << i : 0), 0)
          : 0;
      columns.flags[at] = 'flagged' in row ? flagBits(row.flagged) : 0;
      for (const metric of METRICS) {
        const { min, average, max } = row[metric];
        columns[metric].min[at] = min;
        columns[metric].average[at] = average;
        columns[metric].max[at] = max;
      }
    }
    yield columns;
  }
}
