/** What daemons use of the status room. */
export { Metrics, type Reading, type Sample } from './metrics.js';
export { type StatusServer, startStatusServer } from './server.js';
