import { IS_QUICK } from './property.js';

/** Where the SQLite stores of rigs run: in `npm test` without a thread of their own, whose start takes longer than most tests. `npm run test:all` has the threads. */
export const STORE_THREAD = IS_QUICK ? 'inline' : 'worker';
