/** A container with Debian 12, Node and the package, in which nothing was set up yet. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { debianRoot, missingForRoots, SMALL } from '../support/debian-root.js';
import { Container } from './container.js';
import { installNode, linkCommand, unpackPackage } from './installation.js';

/** Skips loudly where no container can be started. */
export async function skipWithoutContainers(test: Mocha.Context, ...programs: string[]): Promise<void> {
  const missing = await missingForRoots('systemd-nspawn', 'nsenter', 'setpriv', ...programs);
  if (missing === undefined) return;
  process.stderr.write(`    skipped: no container with systemd can be started here: no ${missing}\n`);
  test.skip();
}

export async function newContainer(): Promise<Container> {
  const container = await Container.of(await debianRoot(SMALL));
  try {
    if (existsSync(join(container.root, 'usr/bin/kill'))) throw new Error('procps is in the root');
    await installNode(container.root);
    await unpackPackage(container.root);
    linkCommand(container.root);
    await container.boot();
  } catch (error) {
    await container.remove();
    throw error;
  }
  return container;
}
