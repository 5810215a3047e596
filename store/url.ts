/** Store URLs: `sqlite:<file>`, `mongodb://…`, `mongodb+srv://…`. */
import { MakaiError } from '../common/errors.js';
import { shownUrl } from '../common/store-url.js';

export type Scheme = 'sqlite' | 'mongodb';

/** Which kind of store a URL names, or undefined. */
export function schemeOf(url: string): Scheme | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'sqlite') return 'sqlite';
  return scheme === 'mongodb' || scheme === 'mongodb+srv' ? 'mongodb' : undefined;
}

/** The error for a URL of no known kind. */
export function unknownUrl(url: string): MakaiError {
  const message = `no store is known for the URL ${JSON.stringify(shownUrl(url))}`;
  return new MakaiError('STORE_URL_INVALID', message, {
    hint: 'Write sqlite:<file>, for example sqlite:/var/lib/opq/makai.db, or mongodb://host:port/opq.',
  });
}

/**
 * The path in a `sqlite:` URL: `sqlite:file`, `sqlite:/file` and `sqlite:///file` are taken.
 * @throws MakaiError STORE_URL_INVALID
 */
export function sqliteFile(url: string): string {
  const file = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
  if (file === '' || file.startsWith('//')) {
    throw new MakaiError('STORE_URL_INVALID', `the store URL ${JSON.stringify(url)} names no file`, {
      hint: 'Write sqlite:<file>, for example sqlite:/var/lib/opq/makai.db or sqlite:makai.db.',
    });
  }
  return file;
}
