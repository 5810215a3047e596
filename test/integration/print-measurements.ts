/** A program: prints a line of JSON with the times of the stored measurements of each box. Arguments: URL of the store, `all` or `newest`. */
import { openStore } from '../../store/open.js';

const [url = '', which = 'all'] = process.argv.slice(2);
const store = await openStore(url, { retention: { mode: 'ttl', measurementsSeconds: 86_400 } });
const times: Record<string, number[]> = {};
for (const { boxId, measurementMs } of await store.newestByBox()) {
  times[boxId] = [measurementMs];
  if (which !== 'all') continue;
  times[boxId] = [];
  for await (const { timestamp_ms: ms } of store.measurements(String(boxId))) times[boxId].push(ms);
}
await store.close();
process.stdout.write(`${JSON.stringify(times)}\n`);
