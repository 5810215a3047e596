/** What commands write into the audit log: who changed what. */
import { userInfo } from 'node:os';
import { type Change, writeAudit } from '../daemon/audit.js';
import type { AuditLog } from '../store/store.js';

/** Writes an entry with the fields that differ; nothing where none does. */
export function audit(store: AuditLog, change: Change): Promise<void> {
  return writeAudit(store, currentUser(), change);
}

/** Behind `sudo` the user who ran that; a user id that has no name is a number. */
export function currentUser(env: Readonly<NodeJS.ProcessEnv> = process.env): string {
  if (env.SUDO_USER) return env.SUDO_USER;
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
