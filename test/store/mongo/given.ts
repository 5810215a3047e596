/** A store on a fresh database, and the database as other programs see it. Call it inside `describe`, below `givenMongo()`. */
import type { Db } from 'mongodb';
import { createLogger, type Logger } from '../../../common/log.js';
import { type MongoStore, type MongoStoreOptions, openMongoStore } from '../../../store/mongo/index.js';
import type { MongoServer } from '../../support/mongo-server.js';
import { type Writable, writable } from '../writable.js';
import { freshDatabase } from './fixture.js';

/** How long a server is looked for: ours of 5 s is short where the machine stands still. */
export const PATIENCE_MS = 60_000;

export interface GivenMongo {
  url: string;
  db: Db;
  /** opens a store; closed after the test */
  open(options?: Partial<MongoStoreOptions>): Promise<Writable<MongoStore>>;
  /** lines logged by stores opened here */
  logged: Record<string, unknown>[];
  log: Logger;
}

export function givenDatabase(server: () => MongoServer): () => GivenMongo {
  let given: GivenMongo | undefined;
  let clean: (() => Promise<void>) | undefined;
  beforeEach(async () => {
    const { url, db, remove } = await freshDatabase(server().uri);
    const stores: MongoStore[] = [];
    const logged: Record<string, unknown>[] = [];
    const log = createLogger('test', 'debug', {
      write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>),
    });
    given = {
      url,
      db,
      log,
      logged,
      open: async (options = {}) => {
        const store = await openMongoStore(
          url,
          { retention: { mode: 'ttl', measurementsSeconds: 86_400 }, log, cacheSeconds: 0, ...options },
          PATIENCE_MS,
        );
        stores.push(store);
        return writable(store);
      },
    };
    clean = async () => {
      for (const store of stores) await store.close();
      await remove();
    };
  });
  afterEach(async () => {
    await clean?.();
    clean = undefined;
    given = undefined;
  });
  return () => {
    if (given === undefined) throw new Error('a database is there only while a test runs');
    return given;
  };
}
