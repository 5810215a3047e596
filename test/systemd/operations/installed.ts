/** A container with the Debian package of the release, installed and started as deploy/README.md says. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Recipe } from '../../support/debian-root.js';
import { release } from '../../support/release.js';
import type { Container } from '../container.js';
import { commandsBelow } from '../documented.js';
import { bareContainer } from '../setup.js';

export interface Installed {
  container: Container;
  /** name of the package's file, in /root */
  deb: string;
  /** the same, on this machine */
  file: string;
  /** runs a command of a page where the package's file is */
  type(command: string): Promise<string>;
}

/** @param files further files for /root; @param isRunning false: nothing is installed yet; @param recipe what Debian it is */
export async function installed(
  files: readonly string[] = [],
  isRunning = true,
  recipe?: Recipe,
): Promise<Installed> {
  const made = await release();
  assert.ok(made.deb !== undefined, 'the release has no Debian package');
  const deb = basename(made.deb);
  const container = await bareContainer([made.deb, join(made.folder, 'SHA256SUMS'), ...files], recipe);
  // Nobody is there who could answer apt's questions.
  writeFileSync(
    join(container.root, 'etc/apt/apt.conf.d/yes'),
    'APT::Get::Assume-Yes "true";\nAPT::Get::allow-downgrades "true";\n',
  );
  const type = (command: string): Promise<string> =>
    container.run('sh', '-ec', `cd /root; export DEBIAN_FRONTEND=noninteractive; ${command}`);
  if (isRunning) for (const command of commandsBelow('## With the Debian package', deb)) await type(command);
  return { container, deb, file: made.deb, type };
}
