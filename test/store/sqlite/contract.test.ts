/** The store without its thread, as commands that only read use it. The fast tier tests every operation here: a thread for each test costs four times as much. */
import { storeContract } from '../contract.js';
import { sqliteFixture } from './fixture.js';

storeContract('SQLite inline', (options) => sqliteFixture({ ...options, thread: 'inline' }));
