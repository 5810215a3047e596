import { silentLogger } from '../../common/log.js';
import { openMongoStore } from '../../store/mongo/index.js';
import { storeContract } from '../store/contract.js';
import { givenMongo } from '../support/mongo-server.js';
import { mongoFixture } from './fixture.js';

describe('MongoDB', () => {
  const server = givenMongo();
  storeContract('MongoDB', (options) =>
    mongoFixture(server().uri, (url) =>
      openMongoStore(url, { ...options, log: silentLogger(), cacheSeconds: 0 }),
    ),
  );
});
