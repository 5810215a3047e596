/**
 * Rows of the gateway's SQLite files as they change. Triggers that live as long as the connection note each changed row in a temporary table, in the transaction that changes it:
 * what is rolled back is not noted.
 */
import type { Database, Statement } from 'better-sqlite3';

/** Row by column. */
export type Row = Readonly<Record<string, unknown>>;

export interface Change {
  /** which file */
  file: string;
  table: string;
  /** its key, as JSON */
  key: string;
  /** undefined: it was removed */
  row?: Row;
}

interface Table {
  name: string;
  columns: readonly string[];
  keys: readonly string[];
}

interface Noted {
  id: number;
  name: string;
  key: string;
  row: string | null;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const textOf = (name: string): string => `'${name.replaceAll("'", "''")}'`;
const values = (columns: readonly string[], of: string): string =>
  columns.map((column) => `${of}.${quoted(column)}`).join(', ');
const object = (columns: readonly string[], of: string): string =>
  `json_object(${columns.map((column) => `${textOf(column)}, ${of}.${quoted(column)}`).join(', ')})`;

export class ChangedRows {
  readonly file: string;
  readonly #db: Database;
  readonly #tables: readonly Table[];
  readonly #noted: Statement<[], Noted>;
  readonly #forget: Statement<[]>;

  /** @param db just opened: what it holds is `restored` afterwards, or stays where that is undefined */
  constructor(file: string, db: Database, restored: readonly Change[] | undefined) {
    this.file = file;
    this.#db = db;
    this.#tables = tablesOf(db);
    if (restored !== undefined) this.#replace(restored);
    db.exec(`CREATE TEMP TABLE changed_rows (id INTEGER PRIMARY KEY, name TEXT, key TEXT, "row" TEXT);`);
    for (const [i, { columns, keys, name }] of this.#tables.entries())
      for (const [on, of] of [
        ['INSERT', 'NEW'],
        ['UPDATE', 'NEW'],
        ['DELETE', 'OLD'],
      ] as const)
        db.exec(`CREATE TEMP TRIGGER changed_${i}_${on.toLowerCase()} AFTER ${on} ON main.${quoted(name)} BEGIN
          INSERT INTO changed_rows (name, key, "row") VALUES (${textOf(name)}, json_array(${values(keys, of)}),
            ${on === 'DELETE' ? 'NULL' : object(columns, of)});
        END`);
    // The other columns are those of the row with the highest id.
    this.#noted = db.prepare<[], Noted>(
      'SELECT max(id) AS id, name, key, "row" FROM changed_rows GROUP BY name, key ORDER BY 1',
    );
    this.#forget = db.prepare('DELETE FROM changed_rows');
  }

  /** Changes since the last call: of each row the last one, in order. Whole transactions, as long as it is called outside of one. */
  take(): Change[] {
    if (!this.#db.open) return [];
    const noted = this.#noted.all();
    if (noted.length > 0) this.#forget.run();
    return noted.map(({ key, name, row }) => ({
      ...{ file: this.file, table: name, key },
      ...(row === null ? {} : { row: JSON.parse(row) as Row }),
    }));
  }

  /** All rows. */
  *all(): Generator<Change> {
    for (const { columns, keys, name } of this.#tables) {
      const rows = this.#db.prepare<[], { key: string; line: string }>(
        `SELECT json_array(${values(keys, 't')}) AS key, ${object(columns, 't')} AS line FROM main.${quoted(name)} AS t`,
      );
      for (const { key, line } of rows.all())
        yield { file: this.file, table: name, key, row: JSON.parse(line) as Row };
    }
  }

  /** What makes of those rows what the file holds. */
  *changesSince(before: readonly Change[]): Generator<Change> {
    const nameOf = ({ key, table }: Change): string => `${table}\n${key}`;
    const others = new Map(before.map((change) => [nameOf(change), change]));
    for (const change of this.all()) {
      const known = others.get(nameOf(change));
      others.delete(nameOf(change));
      if (JSON.stringify(known?.row) !== JSON.stringify(change.row)) yield change;
    }
    const tables = new Set(this.#tables.map(({ name }) => name));
    for (const { file, key, table } of others.values()) if (tables.has(table)) yield { file, key, table };
  }

  #replace(changes: readonly Change[]): void {
    const known = new Map(this.#tables.map((table) => [table.name, table]));
    this.#db.transaction(() => {
      for (const { name } of this.#tables) this.#db.exec(`DELETE FROM main.${quoted(name)}`);
      for (const { row, table } of changes) {
        // A table or column of another version.
        const columns = known.get(table)?.columns.filter((column) => row?.[column] !== undefined) ?? [];
        if (row === undefined || columns.length === 0) continue;
        const places = columns.map(() => '?').join(', ');
        const sql = `INSERT OR REPLACE INTO main.${quoted(table)} (${columns.map(quoted).join(', ')}) VALUES (${places})`;
        this.#db.prepare(sql).run(...columns.map((column) => row[column]));
      }
    })();
  }
}

function tablesOf(db: Database): Table[] {
  const names = db
    .prepare<[], string>(
      "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
    )
    .pluck(true)
    .all();
  return names.map((name) => {
    const info = db
      .prepare<[string], { name: string; pk: number }>('SELECT name, pk FROM pragma_table_info(?)')
      .all(name);
    const keys = info.filter(({ pk }) => pk > 0).map((column) => column.name);
    if (keys.length === 0) throw new Error(`table ${name} has no primary key`);
    return { name, keys, columns: info.map((column) => column.name) };
  });
}
