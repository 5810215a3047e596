/** The files of a release, made by the command `npm run release` from this build: what the live tests install. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { run } from './command.js';

const BUILD = join(PACKAGE_ROOT, 'build');
const PREFIX = 'release-';
const HOUR_MS = 3600 * 1000;
/** Files that are no part of the tarball and yet of what is made. */
const OTHERS = ['package-lock.json', 'CHANGELOG.md', 'docs/licences.md', 'node_modules/.package-lock.json'];

export interface Release {
  folder: string;
  tarball: string;
  /** undefined where no Debian package can be built */
  deb: string | undefined;
  /** for Helm */
  chart: string;
  /** bill of materials */
  bill: string;
}

/** Makes it, or takes the last one where it was made from the same files by the same Node. Two runs of tests may ask at the same time. */
export async function release(): Promise<Release> {
  mkdirSync(BUILD, { recursive: true });
  const folder = join(BUILD, `${PREFIX}${(await madeFrom()).slice(0, 16)}`);
  if (!existsSync(folder)) await make(folder);
  const files = readdirSync(folder);
  const find = (form: RegExp): string | undefined => files.find((name) => form.test(name));
  const [tarball, deb, bill] = [find(/^opq-makai-\d.*\.tgz$/), find(/\.deb$/), find(/\.cdx\.json$/)];
  const chart = find(/-chart-.*\.tgz$/);
  if (tarball === undefined || bill === undefined || chart === undefined)
    throw new Error(`the release has ${files.join(', ')}`);
  const at = (name: string): string => join(folder, name);
  return { folder, tarball: at(tarball), deb: deb && at(deb), chart: at(chart), bill: at(bill) };
}

async function make(folder: string): Promise<void> {
  // Those made from files that have changed. Another run may still be copying from one: an hour.
  for (const name of readdirSync(BUILD).filter((one) => one.startsWith(PREFIX))) {
    const path = join(BUILD, name);
    // Gone: another run has given it its name, or removed it.
    const made = statSync(path, { throwIfNoEntry: false });
    if (made !== undefined && Date.now() - made.mtimeMs > HOUR_MS)
      rmSync(path, { recursive: true, force: true });
  }
  const making = mkdtempSync(join(BUILD, `${PREFIX}making-`));
  await run([process.execPath, join(PACKAGE_ROOT, 'dist/scripts/release/run.js'), '--out', making], {
    timeoutMs: 900_000,
  });
  try {
    renameSync(making, folder);
  } catch (error) {
    // Another run was faster: then its files are used.
    rmSync(making, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
}

/** A hash over what a release is made from. npm itself hashes what it would pack. */
async function madeFrom(): Promise<string> {
  const pack = await run(['npm', 'pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: PACKAGE_ROOT });
  const { integrity } = /"integrity": "(?<integrity>[^"]+)"/.exec(pack)?.groups ?? {};
  if (integrity === undefined) throw new Error(`npm pack names no hash:\n${pack.slice(0, 2000)}`);
  const scripts = ['scripts/release/debian', 'dist/scripts/release'].flatMap((folder) =>
    readdirSync(join(PACKAGE_ROOT, folder)).map((name) => join(folder, name)),
  );
  const hash = createHash('sha256').update(`${integrity} ${process.version} ${process.arch}`);
  for (const file of [...OTHERS, ...scripts]) hash.update(readFileSync(join(PACKAGE_ROOT, file)));
  return hash.digest('hex');
}
