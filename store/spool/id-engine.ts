/** Event ids on disk: whose they are, the block reserved ahead, and how much of it is given. */
import type { Database } from 'better-sqlite3';
import type { IdBlock } from '../primary.js';

export interface IdState {
  /** names this spool in the database; made once */
  owner: string;
  /** the block reserved ahead, or undefined */
  block: IdBlock | undefined;
  /** first id of the block that is not given */
  next: number;
}

export function idOperations(db: Database, write: <T>(change: () => T) => T, newOwner: () => string) {
  type Row = { owner: string; first: number | null; last: number | null; next: number | null };
  const read = db.prepare<[], Row>('SELECT owner, first, last, next FROM event_ids WHERE id = 1');
  const insert = db.prepare<[string]>(
    'INSERT OR IGNORE INTO event_ids (id, owner, first, last, next) VALUES (1, ?, NULL, NULL, NULL)',
  );
  const save = db.prepare<[number, number, number]>(
    'UPDATE event_ids SET first = ?, last = ?, next = ? WHERE id = 1',
  );
  const state = (): IdState => {
    const row = read.get();
    if (row === undefined) throw new Error('no owner yet');
    const { owner, first, last, next } = row;
    const block = first === null || last === null ? undefined : { first, last };
    return { owner, block, next: next ?? 0 };
  };
  return {
    idState(): IdState {
      return write(() => {
        insert.run(newOwner());
        return state();
      });
    },
    /** A new block in place of the old one. @returns the highest id given from the old one, or 0 */
    saveBlock({ first, last }: IdBlock): number {
      return write(() => {
        const old = state();
        const given = old.block !== undefined && old.next > old.block.first ? old.next - 1 : 0;
        // They may overlap: what was given stays given.
        const overlaps = given >= first && given <= last;
        save.run(first, last, overlaps ? given + 1 : first);
        return given;
      });
    },
    /** The next ids of the block, past `after`; undefined when it has not so many left. */
    giveFromBlock(amount: number, after: number): number[] | undefined {
      return write(() => {
        const { block, next: first } = state();
        const next = Math.max(first, after + 1);
        if (block === undefined || next + amount - 1 > block.last) return undefined;
        save.run(block.first, block.last, next + amount);
        return Array.from({ length: amount }, (_, i) => next + i);
      });
    },
  };
}
