/** What `npm run release` makes: complete, true to its checksums, and nothing of this machine in it. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { lockedPackages } from '../../../cli/licence-reference.js';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { VERSION } from '../../../common/version.js';
import { KIND_NAMES } from '../../../config/kinds.js';
import { CHART, helmBinary } from '../../support/helm.js';
import { type Release, release } from '../../support/release.js';

const HOME = 'usr/lib/opq-makai';
/** e_machine in the head of an ELF file (System V ABI, processor supplements). */
const ELF_MACHINES: Record<string, number> = { amd64: 62, arm64: 183 };
/** Heads of programs for Windows and macOS. */
const OTHER_SYSTEMS = ['4d5a', 'cffaedfe', 'cafebabe', 'feedfacf'];

const runtime = lockedPackages().filter(({ development }) => !development);
const development = lockedPackages().filter((one) => one.development);

interface File {
  path: string;
  mode: number;
  bytes: Buffer;
}

function filesBelow(folder: string): File[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({
      path: relative(folder, file),
      mode: statSync(file).mode & 0o7777,
      bytes: readFileSync(file),
    }));
}

/** Folders of whoever made the release. */
function ownFolders(): string[] {
  const home = homedir();
  return [
    PACKAGE_ROOT.replace(/\/$/, ''),
    join(home, '.npm'),
    join(home, '.cache'),
    join(tmpdir(), 'makai-'),
  ];
}

function assertNothingOfThisMachine(files: readonly File[]): void {
  for (const folder of ownFolders()) {
    const found = files.filter(({ bytes }) => bytes.includes(folder)).map(({ path }) => path);
    assert.deepEqual(found, [], `files that name ${folder}`);
  }
}

describe('a release', function () {
  this.timeout(1_800_000);
  const work = mkdtempSync(join(tmpdir(), 'release-test-'));
  let made: Release;

  before(async () => {
    made = await release();
  });
  after(() => rmSync(work, { recursive: true }));

  it('has checksums of all its files, and they are true', () => {
    const sums = readFileSync(join(made.folder, 'SHA256SUMS'), 'utf8');
    const expected = [made.tarball, made.deb, made.chart, made.bill]
      .filter((file) => file !== undefined)
      .map((file) => `${createHash('sha256').update(readFileSync(file)).digest('hex')}  ${basename(file)}\n`);
    assert.equal(sums, expected.join(''));
    assert.equal(readdirSync(made.folder).length, expected.length + 1, 'no other file is in the folder');
    for (const file of readdirSync(made.folder))
      assert.ok(file === 'SHA256SUMS' || file.includes(VERSION), file);
  });

  it('has the chart for Kubernetes, whole, as Helm takes it', async function () {
    const folder = join(work, 'chart');
    mkdirSync(folder);
    execFileSync('tar', ['-xzf', made.chart, '-C', folder]);
    const packed = filesBelow(join(folder, 'makai'));
    const own = filesBelow(CHART);
    assert.deepEqual(packed.map(({ path }) => path).sort(), own.map(({ path }) => path).sort());
    for (const { bytes, path } of own)
      assert.ok(bytes.equals(packed.find((one) => one.path === path)?.bytes ?? Buffer.alloc(0)), path);
    assertNothingOfThisMachine(packed);
    const helm = await helmBinary();
    if (helm === undefined) this.skip();
    const shown = execFileSync(helm, ['show', 'chart', made.chart], {
      encoding: 'utf8',
      env: { HOME: work },
    });
    assert.ok(shown.includes(`version: ${VERSION}\n`), shown);
    rmSync(folder, { recursive: true });
  });

  it('is not made in a folder that has files of somebody else, which stay', () => {
    const file = join(work, 'letter.txt');
    writeFileSync(file, 'mine');
    const command = [join(PACKAGE_ROOT, 'dist/scripts/release/run.js'), '--out', work];
    const { status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /has letter\.txt, which is no file of a release/);
    assert.deepEqual(readdirSync(work), ['letter.txt']);
  });

  it('has a bill of materials in CycloneDX with exactly the packages at run time, each with hash and licence', () => {
    const bill = JSON.parse(readFileSync(made.bill, 'utf8')) as {
      bomFormat: string;
      specVersion: string;
      metadata: { component: { name: string; version: string } };
      components: { 'bom-ref': string; hashes?: unknown[]; licenses?: unknown[] }[];
      dependencies: { ref: string; dependsOn: string[] }[];
    };
    assert.equal(bill.bomFormat, 'CycloneDX');
    assert.match(bill.specVersion, /^1\.\d$/);
    assert.deepEqual([bill.metadata.component.name, bill.metadata.component.version], ['opq-makai', VERSION]);
    const node = made.deb === undefined ? [] : [`node@${process.versions.node}`];
    const refs = bill.components.map((one) => one['bom-ref']);
    assert.deepEqual(
      refs.sort(),
      [...runtime.map(({ name, version }) => `${name}@${version}`), ...node].sort(),
    );
    for (const { 'bom-ref': ref, hashes, licenses } of bill.components) {
      assert.ok(licenses !== undefined && licenses.length > 0, `${ref} has no licence`);
      assert.ok(node.includes(ref) || (hashes !== undefined && hashes.length > 0), `${ref} has no hash`);
    }
    for (const { dependsOn } of bill.dependencies)
      for (const ref of dependsOn) assert.ok(refs.includes(ref), `${ref} is needed and not listed`);
  });

  it('has a tarball without tests, sources of our scripts and traces of this machine', () => {
    const folder = join(work, 'tarball');
    execFileSync('mkdir', [folder]);
    execFileSync('tar', ['-xzf', made.tarball, '-C', folder, '--strip-components=1']);
    const files = filesBelow(folder);
    const paths = files.map(({ path }) => path);
    for (const path of ['package.json', 'LICENSE', 'README.md', 'dist/cli/main.js', 'deploy/README.md'])
      assert.ok(paths.includes(path), `${path} is missing`);
    const unwanted =
      /^(test|node_modules|dist\/(test|bench|scripts))\/|tsbuildinfo$|(^|\/)\.env$|private_keys|_secret$/;
    assert.deepEqual(
      paths.filter((path) => unwanted.test(path)),
      [],
    );
    assertNothingOfThisMachine(files);
  });

  it('has a tarball that npm installs with its dependencies and its command', () => {
    const prefix = join(work, 'npm');
    // Without scripts: the image's test compiles. npm takes from its cache what `npm ci` has put there.
    const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
    execFileSync('npm', ['install', '--global', '--prefix', prefix, ...options, made.tarball], {
      stdio: 'pipe',
    });
    const version = execFileSync(join(prefix, 'bin/makai'), ['--version'], { encoding: 'utf8' });
    assert.equal(version.trim(), VERSION);
  });

  describe('its Debian package', () => {
    const root = join(work, 'deb');
    let files: File[];

    before(function () {
      if (made.deb === undefined) {
        process.stderr.write('    skipped: no Debian package can be built here: no dpkg-deb\n');
        this.skip();
      }
      execFileSync('dpkg-deb', ['-R', made.deb, root]);
      files = filesBelow(root);
    });
    const field = (name: string): string =>
      execFileSync('dpkg-deb', ['--field', made.deb ?? '', name], { encoding: 'utf8' }).trim();

    it('has all files of the tarball', () => {
      for (const { path, bytes } of filesBelow(join(work, 'tarball')))
        assert.ok(readFileSync(join(root, HOME, path)).equals(bytes), path);
    });

    it('is for one architecture, and so is each program and library in it', () => {
      const machine = ELF_MACHINES[field('Architecture')];
      assert.ok(machine !== undefined);
      const elf = files.filter(({ bytes }) => bytes.subarray(0, 4).toString('latin1') === '\x7fELF');
      assert.deepEqual(
        elf.filter(({ bytes }) => bytes.readUInt16LE(18) !== machine).map(({ path }) => path),
        [],
      );
      // Node, zeromq, better-sqlite3, and the checksums of the Kafka client: one each, for this release of Node.
      assert.deepEqual(elf.map(({ path }) => basename(path)).sort(), [
        'addon.node',
        'better_sqlite3.node',
        `crc32.linux-${process.arch}-gnu.node`,
        'node',
      ]);
      const others = files.filter(({ bytes }) =>
        OTHER_SYSTEMS.includes(bytes.subarray(0, 4).toString('hex')),
      );
      assert.deepEqual(
        others.map(({ path }) => path),
        [],
      );
    });

    it('has the packages at run time and no other', () => {
      const manifests = files
        .map(({ path }) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path)?.[1])
        .filter((name) => name !== undefined);
      const names = new Set(manifests);
      const expected = runtime.filter(({ isForThisMachine }) => isForThisMachine);
      assert.deepEqual([...names].sort(), [...new Set(expected.map(({ name }) => name))].sort());
      for (const { name } of development)
        assert.ok(!names.has(name) || runtime.some((one) => one.name === name), `${name} is for development`);
    });

    it('names no folder of the machine that it was made on', () => assertNothingOfThisMachine(files));

    it('has the licences of Makai, of Node and of what is linked into the native modules', () => {
      const text = (path: string): string => readFileSync(join(root, path), 'utf8');
      assert.equal(
        text('usr/share/doc/opq-makai/copyright'),
        readFileSync(join(PACKAGE_ROOT, 'LICENSE'), 'utf8'),
      );
      assert.match(text('usr/share/doc/opq-makai/node-LICENSE'), /^Node\.js is licensed for use as follows/);
      const list = text('usr/share/doc/opq-makai/licences.md');
      for (const { name, version } of runtime) assert.ok(list.includes(`| ${name} | ${version} |`), name);
      assert.match(text(`${HOME}/node_modules/zeromq/LICENSE_MPL-2.0.txt`), /MPL-2\.0/);
      assert.ok(existsSync(join(root, HOME, 'node_modules/better-sqlite3/LICENSE')));
    });

    it('has the manual page, and what bash, zsh and fish need to complete commands', () => {
      const page = gunzipSync(readFileSync(join(root, 'usr/share/man/man1/makai.1.gz'))).toString();
      assert.equal(page, readFileSync(join(PACKAGE_ROOT, 'docs/makai.1'), 'utf8'));
      const scripts = [
        ['bash-completion/completions/makai', /^complete .* -F _makai makai$/m],
        ['zsh/vendor-completions/_makai', /^#compdef makai$/m],
        ['fish/vendor_completions.d/makai.fish', /^complete -c makai /m],
      ] as const;
      for (const [path, pattern] of scripts)
        assert.match(readFileSync(join(root, 'usr/share', path), 'utf8'), pattern);
    });

    it('belongs to root, with modes that every user can read', () => {
      const list = execFileSync('dpkg-deb', ['--contents', made.deb ?? ''], {
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      });
      const kinds = new Set(
        list
          .trim()
          .split('\n')
          .map((line) => line.split(/\s+/).slice(0, 2).join(' ')),
      );
      assert.deepEqual([...kinds].sort(), [
        '-rw-r--r-- root/root',
        '-rwxr-xr-x root/root',
        'drwxr-xr-x root/root',
      ]);
      const programs = files.filter(({ mode }) => mode === 0o755).map(({ path }) => path);
      for (const path of [
        'usr/bin/makai',
        `${HOME}/bin/node`,
        'DEBIAN/postinst',
        'DEBIAN/prerm',
        'DEBIAN/postrm',
      ])
        assert.ok(programs.includes(path), `${path} is no program`);
      execFileSync('md5sum', ['--check', '--quiet', 'DEBIAN/md5sums'], { cwd: root });
    });

    it('starts its own Node, and its units name the files where they are', () => {
      const main = join(root, HOME, 'dist/cli/main.js');
      const version = execFileSync(join(root, HOME, 'bin/node'), [main, '--version'], {
        encoding: 'utf8',
        env: {},
      });
      assert.equal(version.trim(), VERSION);
      const units = files.filter(({ path }) =>
        /^usr\/lib\/systemd\/system\/makai-[a-z-]+\.service$/.test(path),
      );
      assert.equal(units.length, KIND_NAMES.length);
      for (const { path, bytes } of units) {
        const named = [...bytes.toString().matchAll(/(?:=|=file:| )(\/usr\/[^\s]+)/g)].map(
          ([, name]) => name ?? '',
        );
        assert.ok(named.length >= 3, path);
        for (const name of named) assert.ok(existsSync(join(root, name)), `${path} names ${name}`);
      }
    });
  });
});
