/** Fills a small file system with waveforms; prints what happened: `node full-disk.js <directory of that file system>`. */
import { unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../../common/errors.js';
import { boxEvent, bytesOf, counts, newEvent } from '../contract/given.js';
import { openWritable } from '../writable.js';

const [directory = ''] = process.argv.slice(2);
const spare = join(directory, 'spare');
writeFileSync(spare, Buffer.alloc(1_000_000));
const store = await openWritable(join(directory, 'makai.db'), {
  retention: { mode: 'ttl', measurementsSeconds: 86_400 },
});
await store.insertEvent(newEvent(1, 0));
const stored: number[] = [];
let code: string | undefined;
// Three at a time, so that they share transactions.
for (let box = 0; code === undefined && box < 300; box += 3) {
  const three = [box, box + 1, box + 2];
  const puts = three.map((id) => store.putBoxEvent(boxEvent(1, String(id), 0), counts(10_000, id), 0));
  const outcomes = await Promise.allSettled(puts);
  outcomes.forEach((outcome, i) => {
    if (outcome.status === 'fulfilled') stored.push(box + i);
    else code = codeOf(outcome.reason);
  });
}
let lost = 0;
for (const id of stored) {
  const bytes = await store.waveform(`event_1_${id}`);
  if (!bytes?.equals(bytesOf(counts(10_000, id)))) lost += 1;
}
unlinkSync(spare);
const goesOn = await store.putBoxEvent(boxEvent(1, '999', 0), counts(10_000), 0);
await store.close();
process.stdout.write(JSON.stringify({ refused: code !== undefined, code, lost, goesOn }));
