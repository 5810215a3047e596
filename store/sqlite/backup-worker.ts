/** The process of a backup, started by backup.ts: copies, then checks the copy. */
import { toFailure } from './execution.js';
import { DatabaseHandle } from './handle.js';
import { type BackupMessage, checkIntegrity, highestEventId, refuseOthers } from './whole-file.js';

const BUSY_MS = 10_000;

const [source = '', part = ''] = process.argv.slice(2);
const say = (message: BackupMessage): void => void process.send?.(message);

// Ctrl+C reaches both processes of a command: the other one ends this one, and removes what there is of the copy.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit(1));

try {
  const total = copy();
  say({ stage: 'checking', total });
  say({ done: check() });
} catch (error) {
  say({ failure: toFailure(error, source) });
}

function copy(): number {
  const db = new DatabaseHandle(source, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
  try {
    refuseOthers(db, source);
    const pages = ['page_count', 'freelist_count', 'page_size'].map((name) =>
      Number(db.pragma(name, { simple: true })),
    );
    const [all = 0, free = 0, size = 0] = pages;
    const total = (all - free) * size;
    say({ stage: 'copying', total });
    db.prepare('VACUUM INTO ?').run(part);
    return total;
  } finally {
    db.close();
  }
}

function check(): { version: number; highestEventId: number } {
  const db = new DatabaseHandle(part, { readonly: true, fileMustExist: true });
  try {
    const version = refuseOthers(db, part);
    checkIntegrity(db, part);
    return { version, highestEventId: highestEventId(db) };
  } finally {
    db.close();
  }
}
