/**
 * A process that writes as a daemon does and says on stdout what was acknowledged, one JSON document a line, until it is killed or
 * `rounds` are done: `node writer.js <file> <first box id> [rounds]`.
 */
import { writeSync } from 'node:fs';
import { boxEvent, columnsOf, counts, newEvent } from '../contract/given.js';
import { openWritable } from '../writable.js';

const [file = '', firstBox = '1', rounds = 'Infinity'] = process.argv.slice(2);
const box = Number(firstBox);
const store = await openWritable(file, { retention: { mode: 'ttl', measurementsSeconds: 86_400 } });

/** Written immediately, by the system call itself: what was said stays said when the process dies. */
function say(document: unknown): void {
  writeSync(1, `${JSON.stringify(document)}\n`);
}

export const start = 1_700_000_000_000;
for (let round = 0; round < Number(rounds); round += 1) {
  const at = start + round * 1000;
  const batch = columnsOf(
    Array.from({ length: 60 }, (_, i) => ({
      box: box + (i % 10),
      at: at + i,
      metrics: { rms: 100 + round / 8 },
    })),
  );
  const measured = store.insertMeasurements(batch).then(() => say({ measured: at }));
  const [id = 0] = await store.nextEventIds(1);
  say({ numbered: id });
  await store.insertEvent(newEvent(id, at));
  say({ event: id });
  const answers = Array.from({ length: 5 }, async (_, i) => {
    await store.putBoxEvent(boxEvent(id, String(box + i), at), counts(2000 + i, id), at);
    say({ waveform: id, box: box + i, length: 2000 + i });
  });
  await Promise.all([measured, ...answers]);
}
await store.close();
