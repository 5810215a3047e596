/** What a unit of deploy/systemd adds to the environment of its daemon, so that memory is measured as installed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../common/package-root.js';

/**
 * @param daemon such as `gateway`
 * @returns nothing for a unit without a line `Environment`
 */
export function unitEnvironment(daemon: string): Readonly<Record<string, string>> {
  const unit = readFileSync(join(PACKAGE_ROOT, `deploy/systemd/makai-${daemon}.service`), 'utf8');
  const [, line = ''] = /^Environment=(.*)$/m.exec(unit) ?? [];
  const pairs = line.split(' ').filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}
