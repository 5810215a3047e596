/** The Debian package: the tarball, its dependencies and the Node that it was built with, below /usr/lib/opq-makai. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { installPlan, perform } from '../../cli/install/plan.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { VERSION } from '../../common/version.js';

const HOME = '/usr/lib/opq-makai';
const DEBIAN_SCRIPTS = ['postinst', 'prerm', 'postrm'] as const;

/**
 * @param tarball what `npm pack` made
 * @param out folder for the package
 * @returns the file, or undefined where there is no dpkg-deb
 * @throws what a command of the way throws
 */
export function buildDeb(tarball: string, out: string): string | undefined {
  const architecture = debianArchitecture();
  if (architecture === undefined) return undefined;
  const root = mkdtempSync(join(tmpdir(), 'makai-deb-'));
  try {
    const home = join(root, HOME);
    chmodSync(root, 0o755);
    mkdirSync(join(home, 'bin'), { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '-C', home, '--strip-components=1']);
    copyDependencies(home);
    copyFileSync(process.execPath, join(home, 'bin/node'));
    chmodSync(join(home, 'bin/node'), 0o755);
    writeProgram(root);
    perform(
      installPlan({
        root,
        node: `${HOME}/bin/node`,
        packageRoot: HOME,
        unitFolder: '/usr/lib/systemd/system',
        settings: false,
      }),
      () => undefined,
    );
    writeDocumentation(root);
    writeControl(root, architecture);
    const file = join(out, `opq-makai_${VERSION}_${architecture}.deb`);
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '--build', root, file], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return file;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function debianArchitecture(): string | undefined {
  try {
    return execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  } catch {
    // Not a Debian machine: there is only the tarball.
    return undefined;
  }
}

/** Copies what `npm ci --omit=dev` would install, as it was compiled here. */
function copyDependencies(home: string): void {
  const list = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: PACKAGE_ROOT,
    encoding: 'utf8',
  });
  const modules = join(PACKAGE_ROOT, 'node_modules/');
  const from = list.split('\n').filter((path) => path.startsWith(modules));
  for (const path of from) {
    const target = join(home, relative(PACKAGE_ROOT, path));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(path, target, { recursive: true, filter: (source) => isNeeded(relative(path, source), path) });
  }
}

/** Leaves out sources and binaries of other platforms: they are most of the two native packages. */
function isNeeded(path: string, module: string): boolean {
  if (path === 'node_modules' || path.startsWith('node_modules/')) return false;
  if (module.endsWith('/better-sqlite3')) {
    if (/^(deps|src)(\/|$)/.test(path)) return false;
    const inBuild = path.startsWith('build/Release/');
    return !inBuild || path === 'build/Release/better_sqlite3.node';
  }
  if (!module.endsWith('/zeromq') || !path.startsWith('build/')) return true;
  const [, platform, arch] = path.split('/');
  if (platform !== undefined && platform !== process.platform && platform !== 'manifest.json') return false;
  return arch === undefined || arch === process.arch;
}

function writeProgram(root: string): void {
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  const program = join(root, 'usr/bin/makai');
  writeFileSync(program, `#!/bin/sh\nexec ${HOME}/bin/node ${HOME}/dist/cli/main.js "$@"\n`);
  chmodSync(program, 0o755);
}

function writeDocumentation(root: string): void {
  const folder = join(root, 'usr/share/doc/opq-makai');
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(PACKAGE_ROOT, 'LICENSE'), join(folder, 'copyright'));
  copyFileSync(join(PACKAGE_ROOT, 'docs/licences.md'), join(folder, 'licences.md'));
  copyFileSync(join(PACKAGE_ROOT, 'CHANGELOG.md'), join(folder, 'CHANGELOG.md'));
  const nodeLicence = [dirname(process.execPath), dirname(dirname(process.execPath))]
    .map((path) => join(path, 'LICENSE'))
    .find(existsSync);
  if (nodeLicence !== undefined) copyFileSync(nodeLicence, join(folder, 'node-LICENSE'));
}

function writeControl(root: string, architecture: string): void {
  const folder = join(root, 'DEBIAN');
  mkdirSync(folder);
  const { description } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    description: string;
  };
  writeFileSync(
    join(folder, 'control'),
    `Package: opq-makai
Version: ${VERSION}
Architecture: ${architecture}
Maintainer: OPQ Makai <makai@localhost>
Section: science
Priority: optional
Depends: libc6 (>= 2.31), libstdc++6, systemd
Suggests: nftables
Description: ${description}
 Brings its own Node ${process.versions.node} and starts nothing by itself: /usr/lib/opq-makai/deploy/README.md has the steps.
`,
  );
  for (const name of DEBIAN_SCRIPTS) {
    copyFileSync(join(PACKAGE_ROOT, 'scripts/release/debian', name), join(folder, name));
    chmodSync(join(folder, name), 0o755);
  }
}
