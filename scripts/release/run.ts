/**
 * `npm run release [-- --out DIR]`: what is installed, as files. A tarball for npm, a Debian package that brings its own Node and
 * dependencies, the bill of materials (CycloneDX), and SHA256SUMS over the three. The live systemd tests install exactly these files.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { VERSION } from '../../common/version.js';
import { buildDeb } from './deb.js';

const { values } = parseArgs({ options: { out: { type: 'string', default: 'release' } } });
const out = resolve(PACKAGE_ROOT, values.out);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

// Scripts are off: the tree was built a moment ago by `npm run release` itself.
const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', out];
const tarball = join(out, npm(pack).trim());
const deb = buildDeb(tarball, out);
const sbom = join(out, `opq-makai-${VERSION}.cdx.json`);
writeFileSync(sbom, npm(['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only']));

const files = [tarball, ...(deb === undefined ? [] : [deb]), sbom];
const sums = files.map((file) => `${sha256(file)}  ${basename(file)}\n`).join('');
writeFileSync(join(out, 'SHA256SUMS'), sums);
process.stdout.write(`${out}\n${sums}`);
if (deb === undefined) process.stdout.write('no Debian package: dpkg-deb is not on the PATH\n');

function npm(args: readonly string[]): string {
  return execFileSync('npm', args, {
    cwd: PACKAGE_ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
