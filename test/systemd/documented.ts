/** The commands of deploy/README.md, so that what is tested is what is documented. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

/**
 * The commands of the first shell block below a heading, without `sudo` and comments.
 * `npm` is left out: the container has no network, so the tests put the package there and take it away themselves.
 */
export function commandsBelow(heading: string): string[] {
  const text = readFileSync(join(PACKAGE_ROOT, 'deploy/README.md'), 'utf8');
  const [, section] = text.split(`\n${heading}\n`);
  const block = /^```sh\n([\s\S]*?)^```$/m.exec(section ?? '')?.[1];
  assert.ok(block !== undefined, `no commands below "${heading}"`);
  return block
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').replace(/^sudo /, ''))
    .filter((line) => !line.startsWith('npm '));
}
