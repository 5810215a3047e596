/** Which events and incidents came after an id. */
import type { NumberedKind } from '../store.js';
import type { Context } from './context.js';

export function newIdOperations({ db }: Pick<Context, 'db'>) {
  const after = (table: string, column: string) =>
    db
      .prepare<[number, number], number>(
        `SELECT ${column} FROM ${table} WHERE ${column} > ? ORDER BY ${column} LIMIT +?`,
      )
      .pluck(true);
  const highest = (table: string, column: string) =>
    db.prepare<[], number>(`SELECT coalesce(max(${column}), 0) FROM ${table}`).pluck(true);
  const reads = {
    event: { after: after('events', 'event_id'), highest: highest('events', 'event_id') },
    incident: { after: after('incidents', 'incident_id'), highest: highest('incidents', 'incident_id') },
  } as const;
  return {
    idsAfter: (kind: NumberedKind, afterId: number, limit: number): number[] =>
      reads[kind].after.all(afterId, limit),
    highestId: (kind: NumberedKind): number => reads[kind].highest.get() ?? 0,
  };
}
