/** Files that events were imported from, as blobs. */
import type { Original, OriginalFile } from '../documents.js';
import type { Context } from './context.js';

export function originalOperations({ db, write }: Context) {
  const eventOf = db
    .prepare<[string, number], number>('SELECT event_id FROM imports WHERE sha256 = ? AND recording = ?')
    .pluck(true);
  const insertImport = db.prepare<[number, string, number, number]>(
    'INSERT INTO imports VALUES (?, ?, ?, ?)',
  );
  const insertFile = db.prepare<[string, number, string, Uint8Array]>(
    'INSERT OR IGNORE INTO original_files VALUES (?, ?, ?, ?)',
  );
  const importOf = db.prepare<[number], { sha256: string; recording: number }>(
    'SELECT sha256, recording FROM imports WHERE event_id = ?',
  );
  const filesOf = db.prepare<[string], OriginalFile>(
    'SELECT name, bytes FROM original_files WHERE sha256 = ? ORDER BY position',
  );

  return {
    putOriginal({ event_id, sha256, recording, files }: Original, nowMs: number): number {
      return write(() => {
        const known = eventOf.get(sha256, recording);
        if (known === undefined) insertImport.run(event_id, sha256, recording, nowMs);
        for (const [position, { name, bytes }] of files.entries())
          insertFile.run(sha256, position, name, bytes);
        return known ?? event_id;
      });
    },

    original(eventId: number): Original | undefined {
      const found = importOf.get(eventId);
      return found && { event_id: eventId, ...found, files: filesOf.all(found.sha256) };
    },

    importedEventId: (sha256: string, recording: number): number | undefined =>
      eventOf.get(sha256, recording),
  };
}
