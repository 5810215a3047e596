/**
 * SQLite files whose native objects are never garbage-collected.
 *
 * better-sqlite3 12 compiled against the headers of Node 24.19 or later ends the process when V8 collects one of its objects
 * (`RemoveEnvironmentCleanupHook`, assertion `env != nullptr`: nodejs/node#65446). So each open file, and each statement made
 * from it, is kept for as long as the thread lives; a closed one costs some hundred bytes. What follows from it: statements are
 * prepared once for a file, never once for a call, and `iterate()` is not used (an iterator is such an object too).
 *
 * A statement whose plan may depend on the value of a parameter is prepared again by SQLite at every call (the library is compiled with
 * SQLITE_ENABLE_STAT4). That is so of `LIMIT ?`, and of a column of a partial index's condition: `expire_at < ?`. It costs several times the statement itself,
 * so here they are `LIMIT +?` and `+expire_at < ?`.
 */
import Database from 'better-sqlite3';

const kept: unknown[] = [];

export class DatabaseHandle extends Database {
  readonly #pragmas = new Map<string, Database.Statement>();

  constructor(file: string, options?: Database.Options) {
    super(file, options);
    kept.push(this);
    const prepare = this.prepare.bind(this);
    const prepareKept = (sql: string): unknown => {
      const statement = prepare(sql);
      kept.push(statement);
      return statement;
    };
    this.prepare = prepareKept as Database.Database['prepare'];
  }

  /** As the library's, with one statement for each `source`. */
  override pragma(source: string, { simple = false }: Database.PragmaOptions = {}): unknown {
    let statement = this.#pragmas.get(source);
    if (statement === undefined) {
      statement = this.prepare(`PRAGMA ${source}`);
      this.#pragmas.set(source, statement);
    }
    if (statement.reader) return simple ? statement.pluck(true).get() : statement.pluck(false).all();
    this.exec(`PRAGMA ${source}`); // to its end: `run()` takes one step, which is one page of `incremental_vacuum`
    return simple ? undefined : [];
  }
}
