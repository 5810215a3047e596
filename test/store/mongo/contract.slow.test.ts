import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../common/clock.js';
import { silentLogger } from '../../../common/log.js';
import { openMongoStore } from '../../../store/mongo/index.js';
import { withSpool } from '../../../store/spool/index.js';
import { givenMongo } from '../../support/mongo-server.js';
import { storeContract } from '../contract.js';
import { mongoFixture } from './fixture.js';

describe('MongoDB', () => {
  const server = givenMongo();
  const log = silentLogger();

  storeContract('MongoDB', (options) =>
    mongoFixture(server().uri, (url) => openMongoStore(url, { ...options, log, cacheSeconds: 0 })),
  );

  storeContract('MongoDB behind a spool', async (options) => {
    const folder = await mkdtemp(join(tmpdir(), 'makai-spool-'));
    let spools = 0;
    // A slow machine must not turn these into tests of the spool.
    const fixture = await mongoFixture(server().uri, (url) => {
      spools += 1;
      return withSpool({
        open: () => openMongoStore(url, { ...options, log, cacheSeconds: 0 }),
        file: join(folder, `${spools}.db`),
        maxBytes: 2 ** 30,
        maxAgeSeconds: 86_400,
        log,
        eventIds: true,
        deadlineMs: 60_000,
        ...(options.now === undefined ? {} : { clock: { ...systemClock, now: options.now } }),
      });
    });
    return {
      ...fixture,
      openRequestsStayHere: true,
      cleanup: async () => {
        await fixture.cleanup();
        await rm(folder, { recursive: true });
      },
    };
  });
});
