/**
 * The copy of a file that is kept when its schema is upgraded: `makai.db.schema-9` is the file as programs of version 9 left it, and the way back to
 * them (docs/operations.md). One copy is kept: the next upgrade replaces it.
 */
import {
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { MakaiError } from '../../common/errors.js';
import { isThere } from '../../common/is-there.js';
import { DatabaseHandle } from './handle.js';

const MEGABYTE = 1e6;

/** Path of the copy that an upgrade from `version` keeps. */
export function schemaCopyOf(file: string, version: number): string {
  return `${file}.schema-${version}`;
}

/** Copies that are beside a file, lowest version first. */
export function schemaCopies(file: string): { path: string; version: number }[] {
  const prefix = `${basename(file)}.schema-`;
  const folder = dirname(file);
  if (!isThere(folder, 'STORE_UNAVAILABLE')) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => ({ path: join(folder, name), version: Number(name.slice(prefix.length)) }))
    .sort((a, b) => a.version - b.version);
}

/**
 * Copies a file as it is. Nobody may write to it meanwhile: the caller holds the write lock, or the whole file.
 * @param db the caller's connection
 * @throws MakaiError STORE_UNAVAILABLE where the disk has no room; SQLite's and the system's errors
 */
export function keepSchemaCopy(db: Database, file: string, version: number): void {
  const { gid, mode, size, uid } = statSync(file);
  const { bavail, bsize } = statfsSync(dirname(file));
  const copy = schemaCopyOf(file, version);
  if (bavail * bsize < size) throw noRoom(file, size);
  const part = `${copy}.part`;
  rmSync(part, { force: true });
  try {
    closeSync(openSync(part, 'wx', mode & 0o777));
    if (process.getuid?.() === 0) chownSync(part, uid, gid);
    copyInto(db, file, part);
    const written = openSync(part, 'r');
    fsyncSync(written);
    closeSync(written);
    renameSync(part, copy);
  } catch (error) {
    for (const name of [part, `${part}-journal`]) rmSync(name, { force: true });
    throw error;
  }
  for (const other of schemaCopies(file)) if (other.version !== version) rmSync(other.path);
}

/** `VACUUM INTO` cannot run inside the caller's transaction; a connection that has the whole file has no transaction yet, and lets no second one in. */
function copyInto(db: Database, file: string, target: string): void {
  if (!db.inTransaction) {
    db.exec(`VACUUM INTO '${target.replaceAll("'", "''")}'`);
    return;
  }
  const second = new DatabaseHandle(file, { readonly: true, fileMustExist: true });
  try {
    second.exec(`VACUUM INTO '${target.replaceAll("'", "''")}'`);
  } finally {
    second.close();
  }
}

function noRoom(file: string, bytes: number): MakaiError {
  const wanted = `${(bytes / MEGABYTE).toFixed(1)} MB`;
  return new MakaiError(
    'STORE_UNAVAILABLE',
    `${file}: the disk has no room for the copy (${wanted}) that is kept when the schema is upgraded`,
    { hint: 'Free some space on the disk, then start again; nothing was changed.' },
  );
}
