/** Series of plugins and what plugins keep over restarts. */
import type {
  PluginState,
  SeriesDocument,
  SeriesName,
  SeriesValue,
  Stored,
  TimeRange,
} from '../documents.js';
import type { Context } from './context.js';
import { fromMs, toMs } from './values.js';

const COLUMNS = 'plugin, series, box_id, timestamp_ms, value, expire_at';

export function seriesOperations({ db, write, expireAt }: Context) {
  const put = db.prepare<[string, string, string, number, number, number]>(
    `INSERT INTO series (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value, expire_at = max(expire_at, excluded.expire_at)`,
  );
  const restore = db.prepare<[string, string, string, number, number, number]>(
    `INSERT INTO series (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const names = db.prepare<[], SeriesName>(
    'SELECT DISTINCT plugin, series, box_id FROM series ORDER BY plugin, series, length(box_id), box_id',
  );
  const pageOf = (order: 'ASC' | 'DESC') =>
    db.prepare<[string, string, string, number, number, number], SeriesDocument>(
      `SELECT ${COLUMNS} FROM series WHERE plugin = ? AND series = ? AND box_id = ? AND timestamp_ms >= ? AND timestamp_ms < ?
       ORDER BY timestamp_ms ${order} LIMIT +?`,
    );
  const up = pageOf('ASC');
  const down = pageOf('DESC');
  const putState = db.prepare<[string, string, string, number]>(
    `INSERT INTO plugin_state VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET format = excluded.format, body = excluded.body, updated_ms = excluded.updated_ms`,
  );
  const state = db.prepare<[string], PluginState>(
    'SELECT plugin, format, body FROM plugin_state WHERE plugin = ?',
  );

  return {
    putSeries(values: readonly SeriesValue[], nowMs: number): Stored {
      return write(() => {
        const until = expireAt('trends', nowMs);
        for (const { plugin, series, box_id, timestamp_ms, value } of values)
          put.run(plugin, series, box_id, timestamp_ms, value, until);
        return { inserted: values.length, duplicates: 0 };
      });
    },
    restoreSeries({ plugin, series, box_id, timestamp_ms, value, expire_at }: SeriesDocument): number {
      return restore.run(plugin, series, box_id, timestamp_ms, value, expire_at).changes;
    },
    seriesNames: (): SeriesName[] => names.all(),
    seriesPage({ plugin, series, box_id }: SeriesName, range: TimeRange, size: number): SeriesDocument[] {
      const statement = range.descending === true ? down : up;
      return statement.all(plugin, series, box_id, fromMs(range), toMs(range), size);
    },
    putPluginState({ plugin, format, body }: PluginState, nowMs: number): void {
      putState.run(plugin, format, body, nowMs);
    },
    pluginState: (plugin: string): PluginState | undefined => state.get(plugin),
  };
}
