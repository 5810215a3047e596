/** The same operations with reads on a thread and a connection of their own, as the web service uses them. */
import { storeContract } from '../contract.js';
import { sqliteFixture } from './fixture.js';

storeContract('SQLite with reads apart', (options) => sqliteFixture({ ...options, readsApart: true }));
