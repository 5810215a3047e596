/** `makai store check` for a SQLite store: reads, changes nothing. */
import { statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { MakaiError, messageOf } from '../../common/errors.js';
import { isThere } from '../../common/is-there.js';
import type { StoreFinding } from '../finding.js';
import { storeError } from './connection.js';
import { DatabaseHandle } from './handle.js';
import { schemaTooNew } from './migrate.js';
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.js';
import { schemaCopies } from './schema-copy.js';

const MEGABYTE = 1e6;
/** A log that has grown past this was not folded into the file for long: somebody holds a transaction open. */
const LOG_LIMIT_BYTES = 256 * MEGABYTE;
const FREE_LIMIT_BYTES = 1024 * MEGABYTE;
/** The sweep runs once a minute: what has expired for so long is not being swept. */
const SWEEP_GRACE_S = 600;

/** @throws MakaiError STORE_UNAVAILABLE, STORE_NOT_RECOGNIZED, STORE_SCHEMA_TOO_NEW */
export function checkSqliteStore(name: string, now: () => number): StoreFinding[] {
  const file = resolve(name);
  if (!isThere(file, 'STORE_UNAVAILABLE')) {
    throw new MakaiError('STORE_UNAVAILABLE', `there is no store at ${file}`, {
      hint: 'Check the path; `makai store init` makes a new store.',
    });
  }
  let db: DatabaseHandle | undefined;
  try {
    db = new DatabaseHandle(file, { readonly: true, fileMustExist: true, timeout: 5000 });
    const version = Number(db.pragma('user_version', { simple: true }));
    if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
      throw new MakaiError('STORE_NOT_RECOGNIZED', `${file} is not a store of makai`, {
        hint: 'Check the path.',
      });
    }
    if (version > SCHEMA_VERSION) throw schemaTooNew(file, version, SCHEMA_VERSION);
    const findings = [...versionFindings(version), ...fileFindings(file), ...integrityFindings(db)];
    // Tables that are damaged, or of an older version, are not counted.
    const isIntact = findings.every(({ severity }) => severity !== 'error') && version === SCHEMA_VERSION;
    return isIntact ? [...findings, ...contentFindings(db, now())] : findings;
  } catch (error) {
    throw storeError(error, file);
  } finally {
    db?.close();
  }
}

function versionFindings(version: number): StoreFinding[] {
  if (version === SCHEMA_VERSION) return [{ severity: 'info', message: `schema version ${version}` }];
  return [
    {
      severity: 'warning',
      message: `schema version ${version}; this program writes version ${SCHEMA_VERSION}`,
      hint: 'The next daemon that opens it upgrades it, and keeps a copy for the way back; older programs cannot open it then.',
    },
  ];
}

function fileFindings(file: string): StoreFinding[] {
  const size = statSync(file).size;
  const log = isThere(`${file}-wal`, 'STORE_UNAVAILABLE') ? statSync(`${file}-wal`).size : 0;
  const { bavail, bsize } = statfsSync(dirname(file));
  const free = bavail * bsize;
  const findings: StoreFinding[] = [
    { severity: 'info', message: `${megabytes(size)} in ${file}, ${megabytes(log)} in its log` },
    ...schemaCopies(file).map(({ path }) => ({
      severity: 'info' as const,
      message: `${path} (${megabytes(statSync(path).size)}) is the copy from before an upgrade; delete it when you will not go back`,
    })),
  ];
  if (free < FREE_LIMIT_BYTES) {
    findings.push({
      severity: 'warning',
      message: `only ${megabytes(free)} are free on its disk`,
      hint: 'Free some space, or keep less (mongo_measurement_expiration_seconds and the like).',
    });
  }
  if (log > LOG_LIMIT_BYTES) {
    findings.push({
      severity: 'warning',
      message: `the write-ahead log has grown to ${megabytes(log)}`,
      hint: 'A program keeps a transaction open: `fuser FILE` names those that have it open.',
    });
  }
  return findings;
}

function integrityFindings(db: DatabaseHandle): StoreFinding[] {
  let lines: string[];
  try {
    lines = (db.pragma('integrity_check(20)') as { integrity_check: string }[]).map(
      (row) => row.integrity_check,
    );
  } catch (error) {
    lines = [messageOf(error)];
  }
  if (lines.length === 1 && lines[0] === 'ok') return [{ severity: 'info', message: 'the file is intact' }];
  return lines.map((message) => ({
    severity: 'error',
    message: `damaged: ${message}`,
    hint: 'Restore it from a backup, or `sqlite3 FILE .recover` into a new one; then look for the cause on the disk.',
  }));
}

function contentFindings(db: DatabaseHandle, nowMs: number): StoreFinding[] {
  const count = (sql: string, ...values: number[]): number =>
    Number(
      db
        .prepare(sql)
        .pluck(true)
        .get(...values) ?? 0,
    );
  const findings: StoreFinding[] = [];
  const counts = ['measurements', 'trends', 'events', 'box_events', 'boxes'].map(
    (table) => `${count(`SELECT count(*) FROM ${table}`)} ${table}`,
  );
  findings.push({ severity: 'info', message: counts.join(', ') });
  findings.push({
    severity: 'info',
    message: `highest event_id ${count('SELECT max(event_id) FROM events')}, last id given ${count(
      "SELECT last FROM sequences WHERE name = 'event_id'",
    )}`,
  });
  const grace = Math.floor(nowMs / 1000) - SWEEP_GRACE_S;
  const overdue = count(
    `SELECT count(*) FROM measurements
     WHERE second IN (SELECT second FROM measurement_expiry WHERE soonest < ?) AND expire_at < ?`,
    grace,
    grace,
  );
  if (overdue > 0) {
    findings.push({
      severity: 'warning',
      message: `${overdue} measurements have expired but are still there`,
      hint: 'The triggering service sweeps once a minute while it runs.',
    });
  }
  const without = db
    .prepare<[], string>(
      'SELECT DISTINCT box_id FROM box_events WHERE box_id NOT IN (SELECT box_id FROM boxes) ORDER BY length(box_id), box_id',
    )
    .pluck(true)
    .all();
  if (without.length > 0) {
    findings.push({
      severity: 'warning',
      message: `no record, so no calibration, for boxes with waveforms: ${without.slice(0, 20).join(', ')}`,
      hint: '`makai boxes add <id> --calibration <counts per volt>`; until then volts are counts.',
    });
  }
  const missing = count('SELECT count(*) FROM box_events WHERE samples IS NULL');
  if (missing > 0) findings.push({ severity: 'warning', message: `${missing} box events have no waveform` });
  return findings;
}

function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(1)} MB`;
}
