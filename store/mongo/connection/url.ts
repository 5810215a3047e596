/** What a MongoDB URL says, without the driver. */

/** The database of a URL that names none. */
export const DEFAULT_DATABASE = 'opq';

/** True for a URL this store opens. */
export function isMongoUrl(url: string): boolean {
  return /^mongodb(\+srv)?:\/\//.test(url);
}

/** The database a URL names, or undefined. Host lists with several hosts are not URLs to the `URL` class, hence the pattern. */
export function databaseOf(url: string): string | undefined {
  const name = /^mongodb(?:\+srv)?:\/\/[^/?]+\/([^?]+)/.exec(url)?.[1];
  return name === undefined ? undefined : decodeURIComponent(name);
}
