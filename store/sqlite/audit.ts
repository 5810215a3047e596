/** Who changed what. */
import type { AuditDocument } from '../documents.js';
import type { Context } from './context.js';
import type { Row } from './values.js';

export function auditOperations({ db, write }: Context) {
  const insert = db.prepare<[number, string, string, string, string | null, string | null]>(
    'INSERT INTO audit (timestamp_ms, user, command, subject, before, after) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const last = db.prepare<[number, number, number], Row>(
    'SELECT * FROM audit WHERE timestamp_ms >= ? AND timestamp_ms < ? ORDER BY timestamp_ms DESC, entry_id DESC LIMIT +?',
  );
  return {
    putAudit({ after, before, command, subject, timestamp_ms, user }: AuditDocument): void {
      write(() => insert.run(timestamp_ms, user, command, subject, jsonOf(before), jsonOf(after)));
    },
    auditEntries(fromMs: number, toMs: number, limit: number): AuditDocument[] {
      return last.all(fromMs, toMs, limit).map(entryOf).reverse();
    },
  };
}

function jsonOf(fields: Record<string, unknown> | undefined): string | null {
  return fields === undefined ? null : JSON.stringify(fields);
}

function entryOf({ after, before, command, subject, timestamp_ms, user }: Row): AuditDocument {
  return {
    timestamp_ms: Number(timestamp_ms),
    ...{ user: String(user), command: String(command), subject: String(subject) },
    ...(typeof before === 'string' ? { before: JSON.parse(before) as Record<string, unknown> } : {}),
    ...(typeof after === 'string' ? { after: JSON.parse(after) as Record<string, unknown> } : {}),
  };
}
