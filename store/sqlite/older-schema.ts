/**
 * Reading a file of an older schema as if it had this program's: a command must not upgrade a file that daemons of an older version are using. What later
 * versions added is filled in for this connection alone: missing tables as empty temporary ones, missing columns with their defaults
 * through temporary views. What cannot be read so, and every write, is refused with a code.
 */
import type { Database, Statement } from 'better-sqlite3';
import { codeOf, MakaiError } from '../../common/errors.js';
import { DatabaseHandle } from './handle.js';
import { MIGRATIONS, SCHEMA_VERSION } from './schema.js';

interface Part {
  type: 'table' | 'index';
  name: string;
  table: string;
  sql: string;
}

interface Column {
  name: string;
  dflt_value: string | null;
}

/**
 * @param db an open file of `version`; changed for this connection only
 * @returns the error for what needs the newest schema
 */
export function readAsNewest(db: Database, file: string, version: number): () => MakaiError {
  const newest = new DatabaseHandle(':memory:');
  try {
    for (const step of MIGRATIONS) newest.exec(step);
    const there = new Set(partsOf(db).map(({ name }) => name));
    const parts = partsOf(newest);
    const added = new Set(
      parts.flatMap(({ name, type }) => (type === 'table' && !there.has(name) ? name : [])),
    );
    for (const { name, sql, table, type } of parts) {
      if (type === 'index' && added.has(table)) db.exec(sql.replace(/INDEX /, 'INDEX temp.'));
      if (type === 'index') continue;
      if (added.has(name)) db.exec(sql.replace(/^CREATE TABLE /, 'CREATE TEMP TABLE '));
      else fillColumns(db, name, columnsOf(newest, name));
    }
  } finally {
    newest.close();
  }
  const refusal = (): MakaiError => schemaTooOld(file, version);
  refuseTheRest(db, refusal);
  db.pragma('query_only = ON');
  return refusal;
}

function schemaTooOld(file: string, version: number): MakaiError {
  return new MakaiError(
    'STORE_SCHEMA_TOO_OLD',
    `${file} has schema version ${version}; this needs version ${SCHEMA_VERSION}`,
    {
      hint: 'Restart the daemons with this version of makai, or run `makai store init`: either upgrades the file and keeps a copy of it. Until then, use the version of makai that the daemons run.',
    },
  );
}

function partsOf(db: Database): Part[] {
  return db
    .prepare<[], Part>(
      `SELECT type, name, tbl_name AS "table", sql FROM sqlite_schema
       WHERE type IN ('table', 'index') AND sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type = 'index'`,
    )
    .all();
}

function columnsOf(db: Database, table: string): Column[] {
  return db.pragma(`main.table_info(${table})`) as Column[];
}

function fillColumns(db: Database, table: string, wanted: readonly Column[]): void {
  const there = new Set(columnsOf(db, table).map(({ name }) => name));
  if (wanted.every(({ name }) => there.has(name))) return;
  const columns = wanted.map(({ dflt_value, name }) =>
    there.has(name) ? name : `${dflt_value ?? 'NULL'} AS ${name}`,
  );
  db.exec(`CREATE TEMP VIEW ${table} AS SELECT ${columns.join(', ')} FROM main.${table}`);
}

/** A statement that writes, or does not fit the schema, fails when it is used, not when the file is opened: others do fit. */
function refuseTheRest(db: Database, refusal: () => MakaiError): void {
  const prepare = db.prepare.bind(db) as (sql: string) => Statement;
  const prepareOrRefuse = (sql: string): Statement => {
    try {
      const statement = prepare(sql);
      if (statement.readonly) return statement;
    } catch (error) {
      if (codeOf(error) !== 'SQLITE_ERROR') throw error;
    }
    return new RefusedStatement(refusal) as unknown as Statement;
  };
  db.prepare = prepareOrRefuse as Database['prepare'];
}

class RefusedStatement {
  readonly #refusal: () => MakaiError;

  constructor(refusal: () => MakaiError) {
    this.#refusal = refusal;
  }

  pluck(): this {
    return this;
  }

  raw(): this {
    return this;
  }

  get(): never {
    throw this.#refusal();
  }

  all(): never {
    throw this.#refusal();
  }

  run(): never {
    throw this.#refusal();
  }
}
