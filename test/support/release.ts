/** The files of a release, made by the command `npm run release` from this build: what the live tests install. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { run } from './command.js';

const FOLDER = join(PACKAGE_ROOT, 'build/release');
const MADE_FROM = join(PACKAGE_ROOT, 'build/release.made-from');
/** Files that are no part of the tarball and yet of what is made. */
const OTHERS = ['package-lock.json', 'CHANGELOG.md', 'docs/licences.md', 'node_modules/.package-lock.json'];

export interface Release {
  folder: string;
  tarball: string;
  /** undefined where no Debian package can be built */
  deb: string | undefined;
  /** bill of materials */
  bill: string;
}

/** Makes it, or takes the last one where it was made from the same files by the same Node. */
export async function release(): Promise<Release> {
  const key = await madeFrom();
  const isMade = existsSync(MADE_FROM) && readFileSync(MADE_FROM, 'utf8') === key;
  if (!isMade || !existsSync(join(FOLDER, 'SHA256SUMS'))) {
    await run([process.execPath, join(PACKAGE_ROOT, 'dist/scripts/release/run.js'), '--out', FOLDER], {
      timeoutMs: 900_000,
    });
    writeFileSync(MADE_FROM, key);
  }
  const files = readdirSync(FOLDER);
  const find = (ending: string): string | undefined => files.find((name) => name.endsWith(ending));
  const [tarball, deb, bill] = [find('.tgz'), find('.deb'), find('.cdx.json')];
  if (tarball === undefined || bill === undefined) throw new Error(`the release has ${files.join(', ')}`);
  return {
    folder: FOLDER,
    tarball: join(FOLDER, tarball),
    deb: deb && join(FOLDER, deb),
    bill: join(FOLDER, bill),
  };
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
