/** `makai triggering-service` as it is, but with storage off: what it would write is thrown away. For `bench -- triggering-service`. */
import { runDaemon } from '../../cli/run-daemon.js';
import { openSqliteStore } from '../../store/sqlite/index.js';
import type { Store } from '../../store/store.js';
import { startTriggeringService } from '../../triggering-service/index.js';

await runDaemon('triggering-service', process.argv[2], async (config, { log }) => {
  const empty = await openSqliteStore(':memory:', {
    retention: { mode: 'ttl', measurementsSeconds: 86_400 },
  });
  const store: Store = {
    ...empty,
    insertMeasurements: async ({ count }) => ({ inserted: count, duplicates: 0 }),
    computeTrends: async (windows) => windows.map(() => undefined),
    putTrends: async () => undefined,
  };
  return startTriggeringService(config, { log, store });
});
