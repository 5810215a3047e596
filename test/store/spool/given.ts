/** A spool in front of a real store (SQLite, so that no server is needed) whose way can be cut, slowed or made to refuse. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../common/clock.js';
import { MakaiError } from '../../../common/errors.js';
import { createLogger } from '../../../common/log.js';
import type { Primary } from '../../../store/primary.js';
import { type SpoolOptions, type SpoolStore, withSpool } from '../../../store/spool/index.js';
import { openSqliteStore } from '../../../store/sqlite/index.js';
import type { Store } from '../../../store/store.js';
import type { Write } from '../../../store/writes.js';
import { type Writable, writable } from '../writable.js';

export interface Way {
  /** false: calls fail as they do when nobody answers */
  open: boolean;
  /** calls do their work and are answered after so long, ms; Infinity: never */
  delayMs: number;
  /** the answer is lost after the work was done */
  loseAnswers: boolean;
  /** errors for calls of a name (of writes, their kind), in place of the work */
  refuse: (name: string, write?: Write) => MakaiError | undefined;
  /** kinds of the writes that came, in their order */
  seen: string[];
}

export interface GivenSpool {
  /** the database itself */
  database: Writable<Store>;
  way: Way;
  clock: { ms: number };
  file: string;
  logged: Record<string, unknown>[];
  /** opens the spool; closed after the test */
  open(options?: Partial<SpoolOptions>): Promise<Writable<SpoolStore>>;
}

export function givenSpool(): () => GivenSpool {
  let given: GivenSpool | undefined;
  let clean: (() => Promise<void>) | undefined;
  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'makai-spool-'));
    const clock = { ms: Date.now() };
    const retention = { mode: 'ttl' as const, measurementsSeconds: 86_400 };
    const database = await openSqliteStore(join(folder, 'database.db'), { retention, now: () => clock.ms });
    const way: Way = { open: true, delayMs: 0, loseAnswers: false, refuse: () => undefined, seen: [] };
    const logged: Record<string, unknown>[] = [];
    const log = createLogger('test', 'debug', {
      write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>),
    });
    const spools: SpoolStore[] = [];
    const file = join(folder, 'spool/spool.db');
    given = {
      database: writable(database),
      way,
      clock,
      file,
      logged,
      open: async (options = {}) => {
        const spool = await withSpool({
          open: async () => {
            if (!way.open) throw away();
            return primaryOver(database, way);
          },
          file,
          maxBytes: 2 ** 30,
          maxAgeSeconds: 86_400,
          log,
          clock: { ...systemClock, now: () => clock.ms },
          ...options,
        });
        spools.push(spool);
        return writable(spool);
      },
    };
    clean = async () => {
      for (const spool of spools) await spool.close();
      await database.close();
      await rm(folder, { recursive: true });
    };
  });
  afterEach(async () => {
    await clean?.();
    clean = undefined;
    given = undefined;
  });
  return () => {
    if (given === undefined) throw new Error('a spool is there only while a test runs');
    return given;
  };
}

const away = (): MakaiError => new MakaiError('STORE_UNAVAILABLE', 'nobody answers');

export function primaryOver(database: Store, way: Way): Primary {
  const through = async <T>(name: string, work: () => Promise<T>, write?: Write): Promise<T> => {
    if (!way.open) throw away();
    const refusal = way.refuse(name, write);
    if (refusal !== undefined) throw refusal;
    if (write !== undefined) way.seen.push(write.kind);
    const result = await work();
    if (way.delayMs === Number.POSITIVE_INFINITY) await new Promise(() => undefined);
    if (way.delayMs > 0) await sleep(way.delayMs);
    if (way.loseAnswers || !way.open) throw away();
    return result;
  };
  const own = {
    apply: (write: Write) => through(write.kind, () => database.apply(write), write),
    prepare: () => through('prepare', () => Promise.resolve()),
    ping: () => through('ping', () => Promise.resolve()),
    lastEventId: () => through('lastEventId', () => Promise.resolve(0)),
    nextEventIdsAfter: (amount: number) => through('nextEventIdsAfter', () => database.nextEventIds(amount)),
    reserveEventIds: () => through('reserveEventIds', () => Promise.resolve({ first: 101, last: 1100 })),
    releaseEventIds: () => through('releaseEventIds', () => Promise.resolve()),
    // The test closes the database.
    close: () => Promise.resolve(),
  };
  return new Proxy({ ...own } as unknown as Primary, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name) ?? Reflect.get(database, name);
      if (typeof value !== 'function' || typeof name !== 'string' || name in own) return value;
      return (...args: unknown[]) => through(name, () => value.apply(database, args) as Promise<unknown>);
    },
  });
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}
