/** Space on the disk where a daemon keeps data: its SQLite store, or the spool in front of MongoDB. */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Metrics } from '../common/metrics/metrics.js';
import { isMongoUrl } from '../store/mongo/connection/url.js';
import { sqliteFile } from '../store/url.js';

/** @param settings of the daemon; a store in memory has no disk. The disk of a MongoDB server is not seen from here */
export function addDiskMetrics(
  metrics: Metrics,
  { spool, storeUrl }: { storeUrl: string; spool?: { path: string } },
): void {
  const folder = folderOf(storeUrl, spool?.path);
  if (folder === undefined) return;
  // A folder that cannot be looked at leaves the metric out of that scrape.
  metrics.gauge('makai_disk_free_bytes', () => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  });
  metrics.gauge('makai_disk_size_bytes', () => {
    const { blocks, bsize } = statfsSync(folder);
    return blocks * bsize;
  });
}

function folderOf(storeUrl: string, spoolPath: string | undefined): string | undefined {
  if (isMongoUrl(storeUrl)) return spoolPath;
  const file = sqliteFile(storeUrl);
  return file === ':memory:' ? undefined : dirname(file);
}
