/** What dpkg knows of the package: its control file, the checksums of its files, the commands that it runs. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

const COMMANDS = ['postinst', 'prerm', 'postrm'] as const;
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
};

export interface ControlFields {
  /** of the npm package */
  version: string;
  architecture: string;
  /** terms of the Depends field */
  depends: readonly string[];
  description: string;
  /** version of the Node that is packed, without "v" */
  node: string;
}

/** Debian's name for the architecture of this Node; undefined where we make no package for it. */
export function debianArchitecture(): string | undefined {
  return ARCHITECTURES[process.arch];
}

/** Debian sorts `1.0.0-rc.1` after 1.0.0, and `1.0.0~rc.1` before it (deb-version(7)). */
export function debianVersion(version: string): string {
  return version.replace('-', '~');
}

/** @param root folder with all files of the package, which gets the folder DEBIAN */
export function writeControl(root: string, fields: ControlFields): void {
  const folder = join(root, 'DEBIAN');
  // In KiB, as dpkg-gencontrol counts them.
  const installedSize = Number(output('du', '-sk', '--apparent-size', root).split('\t')[0]);
  mkdirSync(folder);
  writeFileSync(join(folder, 'md5sums'), checksums(root));
  writeFileSync(join(folder, 'control'), controlFile(fields, installedSize));
  for (const name of COMMANDS) {
    copyFileSync(join(PACKAGE_ROOT, 'scripts/release/debian', name), join(folder, name));
    chmodSync(join(folder, name), 0o755);
  }
}

function controlFile(
  { version, architecture, depends, description, node }: ControlFields,
  kib: number,
): string {
  return `Package: opq-makai
Version: ${debianVersion(version)}
Architecture: ${architecture}
Maintainer: OPQ Makai <makai@localhost>
Installed-Size: ${kib}
Section: science
Priority: optional
Depends: ${[...depends, 'systemd'].join(', ')}
Suggests: nftables
Description: ${description}
 Brings its own Node ${node} and starts nothing by itself: /usr/lib/opq-makai/deploy/README.md has the steps.
`;
}

/** For `dpkg --verify`. */
function checksums(root: string): string {
  return execFileSync('sh', ['-c', 'find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
}

function output(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' });
}
