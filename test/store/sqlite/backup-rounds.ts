/** Backup, kill -9 and restore while a process writes: what was accepted before the backup is there, and no event id is given twice. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { backupSqlite } from '../../../store/sqlite/backup.js';
import { replaceSqlite } from '../../../store/sqlite/replace.js';
import type { Files } from './files.js';
import { assertKept, LoadedWriter, type Said } from './loaded-writer.js';

const GAP = 5000;

/** @param rounds in every second one the old file is gone when the backup is put back */
export async function backupRounds({ directory, file, open }: Files, rounds: number): Promise<void> {
  const given: number[] = [];
  const kept: { said: Said[]; firstBox: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const writer = new LoadedWriter(file, 1 + 10 * round);
    await writer.says(60);
    const before = { said: [...writer.said], firstBox: writer.firstBox };
    const backup = join(directory, `backup-${round}.db`);
    const report = await backupSqlite(file, backup);
    assert.ok(report.highestEventId >= Math.max(...before.said.map(({ event }) => event ?? 0)));
    await writer.says(60);
    await writer.kill();
    given.push(...writer.ids);
    kept.push(before);
    const isGone = round % 2 === 1;
    if (isGone) for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
    const { nextEventId, replaced, unreadable } = replaceSqlite(file, backup, { eventIdGap: GAP });
    assert.deepEqual([replaced === undefined, unreadable !== undefined], [isGone, isGone]);
    // One more may have been drawn and not said.
    const min = Math.max(...given) + 1 + (isGone ? 0 : GAP);
    assert.ok(nextEventId >= min, `the next id is ${nextEventId}, not past ${min - 1}`);
    const store = await open();
    for (const { said, firstBox } of kept) await assertKept(store, said, firstBox);
    await store.close();
    rmSync(backup);
  }
  const last = new LoadedWriter(file, 1 + 10 * rounds);
  await last.says(60);
  await last.kill();
  given.push(...last.ids);
  assert.equal(new Set(given).size, given.length, 'an event id was given twice');
}
