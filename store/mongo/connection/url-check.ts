/** What is wrong with a MongoDB URL, as the driver itself says: one check for the configuration and for the connection. Nothing is connected. */
import { createRequire } from 'node:module';
import { messageOf } from '../../../common/errors.js';
import { DEFAULT_DATABASE, databaseOf } from './url.js';

// Loaded only for a URL: the driver takes a while, and a daemon with SQLite does not need it.
const require = createRequire(import.meta.url);

export const URL_HINT =
  'Write mongodb://[user:password@]host[:port][,host2...][/database][?options]; special characters in a user and a password are percent-encoded (@ as %40, / as %2F).';

/** @returns undefined for a URL that the driver can read; else why not, without any part of the URL that may be a secret */
export function mongoUrlMistake(url: string): string | undefined {
  const { MongoClient } = require('mongodb') as typeof import('mongodb');
  try {
    new MongoClient(url).db(databaseOf(url) ?? DEFAULT_DATABASE);
    return undefined;
  } catch (error) {
    return shownMessage(error);
  }
}

/** What the driver says, but for a message that repeats a part of the URL as the host: that may be a user and a password without their `@`. */
export function shownMessage(error: unknown): string {
  const message = messageOf(error);
  return message.startsWith('Unable to parse ') ? 'its host or port is none' : message;
}
