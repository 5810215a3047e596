/** The same operations across the thread, as daemons use them. */
import { storeContract } from '../contract.js';
import { sqliteFixture } from './fixture.js';

storeContract('SQLite on a worker thread', sqliteFixture);
