/** The commands of deploy/README.md and docs/operations.md, so that what is tested is what is documented. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

/** How the page names the Debian package's file. */
const DEB = 'opq-makai_VERSION_ARCH.deb';

/**
 * The commands of the first shell block below a heading, without `sudo` and comments.
 * `npm` is left out: the container has no network, so the tests put the package there and take it away themselves.
 * @param deb name of the Debian package's file, instead of the page's
 */
export function commandsBelow(heading: string, deb = DEB, page = 'deploy/README.md'): string[] {
  const text = readFileSync(join(PACKAGE_ROOT, page), 'utf8');
  const [, section] = text.split(`\n${heading}\n`);
  const block = /^```sh\n([\s\S]*?)^```$/m.exec(section ?? '')?.[1];
  assert.ok(block !== undefined, `no commands below "${heading}"`);
  return block
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+# .*$/, '').replace(/^sudo /, ''))
    .map((line) => line.replace(DEB, deb))
    .filter((line) => !line.startsWith('npm '));
}

const OPERATIONS = 'docs/operations.md';
/** How that page names a backup, and the package of an older version. */
const BACKUP = /makai-20260728T101500Z\.db/;
const OLDER = 'opq-makai_OLDER_ARCH.deb';

/** The commands of a section of docs/operations.md, with the names that the page has placeholders for. */
export function operation(
  heading: string,
  names: { deb?: string; backup?: string; older?: string } = {},
): string[] {
  return commandsBelow(`## ${heading}`, names.deb, OPERATIONS).map((line) =>
    line.replace(BACKUP, names.backup ?? '$&').replace(OLDER, names.older ?? OLDER),
  );
}
