/** Containers with Debian 12 in which nothing was set up yet. */
import { copyFileSync, existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { debianRoot, missingForRoots, type Recipe, SMALL } from '../support/debian-root.js';
import { Container } from './container.js';
import { installNode, linkCommand, unpackPackage } from './installation.js';

/** Skips loudly where no container can be started. */
export async function skipWithoutContainers(test: Mocha.Context, ...programs: string[]): Promise<void> {
  const missing = await missingForRoots('systemd-nspawn', 'nsenter', 'setpriv', ...programs);
  if (missing === undefined) return;
  process.stderr.write(`    skipped: no container with systemd can be started here: no ${missing}\n`);
  test.skip();
}

/** With Node and the package, as npm would have put them there. */
export function newContainer(): Promise<Container> {
  return bootWith(async (root) => {
    await installNode(root);
    await unpackPackage(root);
    linkCommand(root);
  });
}

/** Without Node, with files in /root. */
export function bareContainer(files: readonly string[], recipe = SMALL): Promise<Container> {
  return bootWith(async (root) => {
    for (const file of files) copyFileSync(file, join(root, 'root', basename(file)));
  }, recipe);
}

async function bootWith(
  prepare: (root: string) => Promise<void>,
  recipe: Recipe = SMALL,
): Promise<Container> {
  const container = await Container.of(await debianRoot(recipe));
  try {
    if (existsSync(join(container.root, 'usr/bin/kill'))) throw new Error('procps is in the root');
    await prepare(container.root);
    await container.boot();
  } catch (error) {
    await container.remove();
    throw error;
  }
  return container;
}
