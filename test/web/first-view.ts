/** JS and CSS of the first view of the built page, for its test and its benchmark. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PACKAGE_ROOT } from '../../common/package-root.js';

export const PAGE = join(PACKAGE_ROOT, 'dist', 'web');
/** Compressed, bytes (issue 20). */
export const MAX_FIRST_VIEW = 120_000;

/** Files that index.html names, and what they import without being asked to wait. @throws where the page is not built */
export function firstView(): string[] {
  const html = readFileSync(join(PAGE, 'index.html'), 'utf8');
  const found = new Set(
    [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].map((m) => m[1] ?? ''),
  );
  for (const file of found) {
    if (!file.endsWith('.js')) continue;
    const code = readFileSync(join(PAGE, file), 'utf8');
    for (const [, name = ''] of code.matchAll(
      /(?:^|[;}\s])import\s*(?:[\w${},*\s]+from)?\s*"\.\/([^"]+)"/g,
    )) {
      found.add(`assets/${name}`);
    }
  }
  return [...found];
}

/** Bytes of files of the page, each compressed with gzip. */
export function gzipBytes(files: readonly string[]): number {
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(join(PAGE, file))).length, 0);
}
