/** What `makai listen` does. */
import { jsonLine, write } from '../common/stdout.js';
import { METRIC_FIELD, METRICS, type MeasurementColumns } from '../proto/columns.js';
import { createColumns, decodeInto, STREAM_REASONS } from '../proto/index.js';
import type { MeasurementDocument } from '../store/store.js';
import { connectTo } from '../zmq/connect.js';
import type { CurveClientOptions } from '../zmq/curve.js';
import { connecting } from '../zmq/sockets.js';
import { clean } from './output.js';
import { isoTime } from './time.js';

export interface ListenOptions {
  config?: string;
  dir?: string;
  endpoint?: string;
  boxes?: number[];
  count?: number;
  json?: true;
}

/** Until Ctrl-C, SIGTERM or `count`. */
export async function listen(options: ListenOptions): Promise<void> {
  const { endpoints, curve } = await source(options);
  const socket = connecting.subscriber(curve);
  for (const endpoint of endpoints) connectTo(socket, endpoint);
  socket.subscribe();
  const stop = (): void => socket.close();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const columns = createColumns(1);
  let left = options.count ?? Number.POSITIVE_INFINITY;
  try {
    for await (const [topic, payload] of socket) {
      const code = payload ? decodeInto(payload, columns, 0) : undefined;
      if (code !== 0) {
        const reason = STREAM_REASONS[code ?? 1] ?? 'malformed';
        process.stderr.write(`${clean(topic?.toString() ?? '')}: not a measurement: ${reason}\n`);
        continue;
      }
      if (options.boxes && !options.boxes.includes(columns.boxId[0] ?? 0)) continue;
      const document = documentOf(columns);
      await write(options.json ? jsonLine(document) : `${lineOf(document)}\n`);
      left -= 1;
      if (left <= 0) break;
    }
  } finally {
    socket.close();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

async function source(
  options: ListenOptions,
): Promise<{ endpoints: readonly string[]; curve?: CurveClientOptions }> {
  if (options.endpoint !== undefined) return { endpoints: [options.endpoint] };
  const [{ loadConfig }, { configFileIn }, { curveClientOptions }] = await Promise.all([
    import('../config/index.js'),
    import('../config/locate.js'),
    import('../daemon/curve-client.js'),
  ]);
  const file = options.dir === undefined ? options.config : configFileIn(options.dir, 'triggering-service');
  const { settings } = loadConfig('triggering-service', file);
  const curve = await curveClientOptions(settings.backendCurve);
  return { endpoints: settings.triggerEndpoints, ...(curve ? { curve } : {}) };
}

type Document = Omit<MeasurementDocument, 'expire_at'>;

/** The first row as the document that the store would hold. */
function documentOf(columns: MeasurementColumns): Document {
  const document: Document = {
    box_id: String(columns.boxId[0]),
    timestamp_ms: columns.timestampMs[0] ?? 0,
  };
  const extremes: NonNullable<Document['extremes']> = {};
  const invalid = METRICS.filter((_, bit) => ((columns.invalid[0] ?? 0) & (1 << bit)) !== 0);
  for (const metric of METRICS) {
    const field = METRIC_FIELD[metric];
    const [average = Number.NaN] = columns[metric].average;
    const [min = average] = columns[metric].min;
    const [max = average] = columns[metric].max;
    if (Number.isNaN(average)) continue;
    document[field] = average;
    if (min !== average || max !== average) extremes[field] = { min, max };
  }
  if (invalid.length > 0) document.invalid = invalid.map((metric) => METRIC_FIELD[metric]);
  if (Object.keys(extremes).length > 0) document.extremes = extremes;
  return document;
}

/** `1001  2017-11-08T20:15:30.123Z  frequency 59.985  voltage 121.3 (119.8 to 121.9)` */
function lineOf(document: Document): string {
  const values = METRICS.flatMap((metric) => {
    const field = METRIC_FIELD[metric];
    const value = document[field];
    if (value === undefined) return document.invalid?.includes(field) ? [`${field} invalid`] : [];
    const range = document.extremes?.[field];
    const shown = range ? ` (${range.min.toPrecision(6)} to ${range.max.toPrecision(6)})` : '';
    return [`${field} ${value.toPrecision(6)}${shown}`];
  });
  return [document.box_id.padStart(5), isoTime(document.timestamp_ms), ...values].join('  ');
}
