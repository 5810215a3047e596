/**
 * `npm run release [-- --out DIR]`: what is installed, as files. A tarball for npm, a Debian package that brings its own Node and
 * dependencies, the chart for Kubernetes, the bill of materials (CycloneDX), and SHA256SUMS over all of them. The live systemd tests install files made by this.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { VERSION } from '../../common/version.js';
import { billOfMaterials } from './bill-of-materials.js';
import { packChart } from './chart.js';
import { buildDeb } from './deb.js';

const { values } = parseArgs({ options: { out: { type: 'string', default: 'release' } } });
const out = resolve(PACKAGE_ROOT, values.out);
mkdirSync(out, { recursive: true });
removeLast(out);

// Scripts are off: the tree was built a moment ago by `npm run release` itself.
const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', out];
const name = execFileSync('npm', pack, {
  cwd: PACKAGE_ROOT,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
const tarball = join(out, name.trim());
const deb = buildDeb(tarball, out);
const chart = packChart(out);
const bill = join(out, `opq-makai-${VERSION}.cdx.json`);
const node = deb === undefined ? undefined : process.versions.node;
writeFileSync(bill, `${JSON.stringify(billOfMaterials(node), null, 2)}\n`);

const files = [tarball, ...(deb === undefined ? [] : [deb]), chart, bill];
const sums = files.map((file) => `${sha256(file)}  ${basename(file)}\n`).join('');
writeFileSync(join(out, 'SHA256SUMS'), sums);
process.stdout.write(`${out}\n${sums}`);
if (deb === undefined)
  process.stdout.write('no Debian package: dpkg-deb is missing, or this architecture has none\n');

/** Removes the files of a release. @throws Error where the folder has others: they are somebody's */
function removeLast(folder: string): void {
  const names = readdirSync(folder);
  const other = names.find(
    (one) => one !== 'SHA256SUMS' && !/^opq-makai[-_].*\.(tgz|deb|cdx\.json)$/.test(one),
  );
  if (other !== undefined)
    throw new Error(`${folder} has ${other}, which is no file of a release: name a folder of its own`);
  for (const one of names) rmSync(join(folder, one));
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
