import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { installPlan, layOut, perform } from '../../../cli/install/plan.js';
import { outOfReach } from '../../../cli/install/reach.js';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { checkFile } from '../../../config/check.js';

describe('cli/install', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'makai-install-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');

  it('shows the steps without doing them', () => {
    const steps = installPlan({ root });
    assert.ok(steps.some(({ text }) => text.endsWith('/etc/systemd/system/makai-triggering-broker.service')));
    assert.ok(!existsSync(join(root, 'etc')));
  });

  it('writes units that start this installation, and settings that are sound', () => {
    perform(installPlan({ root, node: '/opt/node/bin/node' }), () => undefined);
    const unit = read('etc/systemd/system/makai-triggering-service.service');
    const entry = join(PACKAGE_ROOT, 'dist/cli/main.js');
    assert.match(unit, new RegExp(`^ExecStart=/opt/node/bin/node ${entry} triggering-service$`, 'm'));
    assert.ok(existsSync(entry));
    for (const file of ['triggering_broker.json', 'acquisition_broker_config.json', 'makai.conf']) {
      const { findings } = checkFile(join(root, 'etc/opq', file));
      assert.deepEqual(
        findings.filter((finding) => finding.severity !== 'warning'),
        [],
      );
    }
  });

  it('leaves settings that are there', () => {
    perform(installPlan({ root }), () => undefined);
    writeFileSync(join(root, 'etc/opq/makai.conf'), '{"mine":true}');
    perform(installPlan({ root }), () => undefined);
    assert.equal(read('etc/opq/makai.conf'), '{"mine":true}');
  });

  it('says what the user of the daemons lacks to read settings that are there, and leaves their mode', () => {
    perform(installPlan({ root }), () => undefined);
    const file = join(root, 'etc/opq/makai.conf');
    const stepText = (): string | undefined =>
      installPlan({ root })
        .map(({ text }) => text)
        .find((text) => text.startsWith(`leave ${file}`));
    chmodSync(file, 0o644);
    assert.equal(stepText(), `leave ${file} as it is`);
    chmodSync(file, 0o600);
    assert.equal(
      stepText(),
      `leave ${file} as it is (the user opq cannot read it: chgrp opq ${file}; chmod 640 ${file})`,
    );
    perform(installPlan({ root }), () => undefined);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it("gives files and folders their modes, whatever the caller's umask and what was there", () => {
    const umask = process.umask(0o077);
    try {
      perform(installPlan({ root }), () => undefined);
      const unit = join(root, 'etc/systemd/system/makai-triggering-broker.service');
      chmodSync(unit, 0o600);
      perform(installPlan({ root }), () => undefined);
      assert.equal(statSync(unit).mode & 0o777, 0o644);
      assert.equal(process.umask(), 0o077);
    } finally {
      process.umask(umask);
    }
    const mode = (path: string): number => statSync(join(root, path)).mode & 0o777;
    assert.deepEqual(['etc', 'etc/opq', 'usr/lib/tmpfiles.d'].map(mode), [0o755, 0o755, 0o755]);
    assert.equal(mode('etc/opq/makai.conf'), 0o640);
  });

  describe('in the Debian package', () => {
    const packageRoot = '/usr/lib/opq-makai';
    const unit = 'makai-triggering-service.service';
    const plan = (): Parameters<typeof perform>[0] => installPlan({ root, packageRoot });
    const laidOut = (): void => {
      const node = `${packageRoot}/bin/node`;
      perform(layOut(root, node, packageRoot), () => undefined);
    };

    it('leaves the units to the package, and writes the settings', () => {
      laidOut();
      assert.ok(!existsSync(join(root, 'etc')));
      perform(plan(), () => undefined);
      assert.ok(!existsSync(join(root, 'etc/systemd')));
      assert.ok(existsSync(join(root, 'etc/opq/makai.conf')));
      assert.match(
        read(`usr/lib/systemd/system/${unit}`),
        /^Documentation=file:\/usr\/lib\/opq-makai\/deploy\/README\.md$/m,
      );
    });

    it('removes units of an installation by npm, keeps them enabled, and leaves units that somebody else wrote', () => {
      laidOut();
      perform(installPlan({ root, packageRoot: '/usr/lib/node_modules/opq-makai' }), () => undefined);
      const folder = join(root, 'etc/systemd/system');
      const own = join(folder, 'makai-acquisition-broker.service');
      writeFileSync(own, '[Service]\nExecStart=/opt/mine/start\n');
      const link = join(folder, 'multi-user.target.wants', unit);
      mkdirSync(dirname(link));
      symlinkSync(join(folder, unit), link);
      perform(plan(), () => undefined);
      assert.deepEqual(readdirSync(folder).sort(), [basename(own), 'multi-user.target.wants']);
      assert.deepEqual(readdirSync(dirname(link)), [unit]);
      assert.equal(readlinkSync(link), `/usr/lib/systemd/system/${unit}`);
    });
  });

  describe('an installation that the units could not start', () => {
    const real = (): string => realpathSync(root);

    function place(folder: string): { node: string; packageRoot: string } {
      const packageRoot = join(real(), folder);
      mkdirSync(join(packageRoot, 'dist/cli'), { recursive: true });
      for (const name of ['node', 'dist/cli/main.js'])
        writeFileSync(join(packageRoot, name), '', { mode: 0o755 });
      return { node: join(packageRoot, 'node'), packageRoot };
    }

    it('in a home (ProtectHome) or in /tmp (PrivateTmp)', () => {
      const { node, packageRoot } = place('x');
      const [first, second] = outOfReach(node, packageRoot, ['/nowhere', real()]);
      assert.equal(first, `${node} is in ${real()}, which the units cannot see`);
      assert.match(second ?? '', /main\.js is in /);
      if (real().startsWith('/tmp/')) assert.equal(outOfReach(node, packageRoot).length, 2);
    });

    it('not open to every user, or with a name that a unit cannot have', () => {
      chmodSync(root, 0o755);
      const { node, packageRoot } = place('x');
      assert.deepEqual(outOfReach(node, packageRoot, []), []);
      chmodSync(join(packageRoot, 'dist'), 0o700);
      assert.match(
        outOfReach(node, packageRoot, []).join(),
        /^the user opq may not read \S+dist, and so cannot read \S+main\.js/,
      );
      const spaced = place('a b');
      assert.equal(outOfReach(spaced.node, spaced.packageRoot, []).length, 2);
    });
  });
});
