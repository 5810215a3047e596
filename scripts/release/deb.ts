/** The Debian package: the tarball, its dependencies and the Node that it was built with, below /usr/lib/opq-makai. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { completionFor, SHELLS } from '../../cli/completion/index.js';
import { layOut, perform } from '../../cli/install/plan.js';
import { buildProgram } from '../../cli/program.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { VERSION } from '../../common/version.js';
import { debianDependencies } from './binaries.js';
import { debianArchitecture, debianVersion, writeControl } from './control.js';
import { copyDependencies } from './dependencies.js';

const HOME = '/usr/lib/opq-makai';
const NODE = `${HOME}/bin/node`;

/**
 * @param tarball what `npm pack` made
 * @param out folder for the package
 * @returns the file, or undefined where there is no dpkg-deb or no name for the architecture
 * @throws what a command on the way throws; Error where the Node that runs this cannot be shipped
 */
export function buildDeb(tarball: string, out: string): string | undefined {
  const architecture = debianArchitecture();
  if (architecture === undefined || !hasDpkgDeb()) return undefined;
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'makai-deb-')));
  try {
    const home = join(root, HOME);
    mkdirSync(join(home, 'bin'), { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '-C', home, '--strip-components=1', '--no-same-owner']);
    const node = join(root, NODE);
    copyFileSync(process.execPath, node);
    chmodSync(node, 0o755);
    const { libraries, modules } = copyDependencies(home, node);
    writeProgram(root);
    perform(layOut(root, NODE, HOME), () => undefined);
    writeDocumentation(root);
    writeManual(root);
    // Whatever the umask was when the packages were installed here.
    execFileSync('chmod', ['-R', 'u=rwX,go=rX', root]);
    const { description } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
      description: string;
    };
    writeControl(root, {
      version: VERSION,
      architecture,
      depends: debianDependencies(libraries, [node, ...modules]),
      description,
      node: process.versions.node,
    });
    const file = join(out, `opq-makai_${debianVersion(VERSION)}_${architecture}.deb`);
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '--build', root, file], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return file;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function hasDpkgDeb(): boolean {
  try {
    execFileSync('dpkg-deb', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    // Not a Debian machine: there is only the tarball.
    return false;
  }
}

function writeProgram(root: string): void {
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  const program = join(root, 'usr/bin/makai');
  writeFileSync(program, `#!/bin/sh\nexec ${NODE} ${HOME}/dist/cli/main.js "$@"\n`);
  chmodSync(program, 0o755);
}

function writeDocumentation(root: string): void {
  const folder = join(root, 'usr/share/doc/opq-makai');
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(PACKAGE_ROOT, 'LICENSE'), join(folder, 'copyright'));
  copyFileSync(join(PACKAGE_ROOT, 'docs/licences.md'), join(folder, 'licences.md'));
  copyFileSync(join(PACKAGE_ROOT, 'CHANGELOG.md'), join(folder, 'CHANGELOG.md'));
  copyFileSync(nodeLicence(), join(folder, 'node-LICENSE'));
}

/** The manual page, and what the shells need to complete commands. */
function writeManual(root: string): void {
  const put = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  // Debian Policy 12.1: compressed, and the same bytes from the same page.
  put(
    'usr/share/man/man1/makai.1.gz',
    gzipSync(readFileSync(join(PACKAGE_ROOT, 'docs/makai.1')), { level: 9 }),
  );
  const places = {
    bash: 'usr/share/bash-completion/completions/makai',
    zsh: 'usr/share/zsh/vendor-completions/_makai',
    fish: 'usr/share/fish/vendor_completions.d/makai.fish',
  };
  for (const shell of SHELLS) put(places[shell], completionFor(shell, buildProgram()));
}

/** Node's archive and npm's package have it beside or above the program, Debian packages in /usr/share/doc. */
function nodeLicence(): string {
  const folder = dirname(realpathSync(process.execPath));
  const places = [join(folder, 'LICENSE'), join(folder, '../LICENSE'), '/usr/share/doc/nodejs/LICENSE'];
  const found = places.find((path) => existsSync(path) && readFileSync(path, 'utf8').includes('Node.js'));
  if (found === undefined)
    throw new Error(`the licence of Node is in none of ${places.join(', ')}: it has to be shipped with Node`);
  return found;
}
