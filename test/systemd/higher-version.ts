/** A Debian package like another one, of a higher version: for tests of an upgrade. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../support/command.js';

/** Writes the package `target` with the files of another one; only what names the version differs. */
export async function higherVersion(deb: string, version: string, target: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'makai-higher-'));
  const root = join(folder, 'root');
  try {
    await run(['dpkg-deb', '--raw-extract', deb, root]);
    replaceIn(join(root, 'DEBIAN/control'), /^Version: .*$/m, `Version: ${version}`);
    replaceIn(join(root, 'usr/lib/opq-makai/package.json'), /"version": "[^"]+"/, `"version": "${version}"`);
    await run(['dpkg-deb', '--root-owner-group', '-Znone', '--build', root, target]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function replaceIn(file: string, pattern: RegExp, text: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, text));
}
