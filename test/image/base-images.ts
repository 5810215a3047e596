/**
 * Stand-ins for the base images that deploy/docker/Dockerfile asks for, made on this machine: Debian by debootstrap, Node and npm from npm's
 * packages. They are known by the names of the real ones in a storage that only the test uses.
 */
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { run } from '../support/command.js';
import { debianRoot, SMALL } from '../support/debian-root.js';
import type { Buildah } from './buildah.js';

/** What node-gyp needs, as in the full image. */
const WITH_COMPILERS = { name: 'compilers', packages: ['ca-certificates', 'g++', 'make', 'python3'] };

/** Names after FROM in the Dockerfile. */
export const BASES = [
  ...readFileSync(join(PACKAGE_ROOT, 'deploy/docker/Dockerfile'), 'utf8').matchAll(/^FROM (\S+)/gm),
].map(([, name]) => name ?? '');

export async function makeBaseImages(buildah: Buildah): Promise<void> {
  const [full = '', slim = ''] = BASES;
  const major = /^node:(\d+)-bookworm$/.exec(full)?.[1];
  assert.ok(
    major !== undefined && slim === `${full}-slim`,
    `other base images than expected: ${BASES.join(', ')}`,
  );
  const { node, npm } = await nodePackages(major);
  await buildah.importImage(full, await debianRoot(WITH_COMPILERS), async (root) => {
    const local = join(root, 'usr/local');
    cpSync(join(node, 'bin/node'), join(local, 'bin/node'));
    cpSync(join(node, 'include'), join(local, 'include'), { recursive: true });
    mkdirSync(join(local, 'lib/node_modules'), { recursive: true });
    cpSync(npm, join(local, 'lib/node_modules/npm'), { recursive: true });
    for (const name of ['npm', 'npx'])
      symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, 'bin', name));
    await configureNpm(local);
  });
  await buildah.importImage(slim, await debianRoot(SMALL), async (root) => {
    cpSync(join(node, 'bin/node'), join(root, 'usr/local/bin/node'));
  });
}

/** Node of a release and npm from npm's packages, kept in the cache. */
async function nodePackages(major: string): Promise<{ node: string; npm: string }> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), `makai-image-node-${major}`);
  const platform = `node-${process.platform}-${process.arch}`;
  const node = [`node_modules/node/node_modules/${platform}`, `node_modules/${platform}`];
  const npm = join(cache, 'node_modules/npm');
  const found = (): string | undefined =>
    node.map((path) => join(cache, path)).find((path) => existsSync(join(path, 'include/node/node.h')));
  if (found() === undefined || !existsSync(join(npm, 'bin/npm-cli.js'))) {
    mkdirSync(cache, { recursive: true });
    const packages = [`node@${major}`, 'npm@11'];
    await run(
      [
        'npm',
        'install',
        '--prefix',
        cache,
        '--no-save',
        '--no-audit',
        '--no-fund',
        '--foreground-scripts',
        ...packages,
      ],
      { timeoutMs: 600_000 },
    );
  }
  const home = found();
  assert.ok(
    home !== undefined,
    `npm's package has no Node for ${platform}: ${readdirSync(join(cache, 'node_modules'))}`,
  );
  return { node: home, npm };
}

/** npm in the image reaches the registry as npm of this machine does, and node-gyp takes the headers of the image. */
async function configureNpm(local: string): Promise<void> {
  const lines: string[] = [];
  for (const key of ['registry', 'proxy', 'https-proxy', 'noproxy', 'cafile']) {
    const value = (await run(['npm', 'config', 'get', key])).trim();
    if (value === '' || value === 'null' || value === 'undefined') continue;
    if (key === 'cafile') cpSync(value, join(local, 'etc/cafile.pem'));
    lines.push(`${key}=${key === 'cafile' ? '/usr/local/etc/cafile.pem' : value}`);
  }
  writeFileSync(join(local, 'etc/npmrc'), `${[...lines, 'nodedir=/usr/local'].join('\n')}\n`);
}
