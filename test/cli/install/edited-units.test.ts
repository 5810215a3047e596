/** `makai install` where an administrator edited what an earlier one wrote. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPlan, layOut, perform } from '../../../cli/install/plan.js';

const UNIT = 'etc/systemd/system/makai-triggering-service.service';
const USER = 'usr/lib/sysusers.d/makai.conf';

describe('cli/install: what was edited', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'makai-install-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const edit = (path: string, from: string, to: string): void => {
    assert.ok(read(path).includes(from), from);
    writeFileSync(join(root, path), read(path).replace(from, to));
  };
  const install = (node = '/usr/bin/node'): string => {
    const lines: string[] = [];
    perform(installPlan({ root, node }), (line) => lines.push(line));
    return lines.join('\n');
  };

  it('of a unit becomes a drop-in, and the unit is that of the new version', () => {
    install();
    edit(UNIT, 'MemoryMax=2G', 'MemoryMax=3G\n# for the large site\nNice=5');
    const said = install('/opt/node/bin/node');
    assert.match(
      said,
      /move the edit to \S+\/makai-triggering-service\.service\.d\/00-makai-edits\.conf:\n +\[Service\]\n +MemoryMax=3G\n/,
    );
    const moved = '[Service]\nMemoryMax=3G\nNice=5\n';
    assert.ok(read(`${UNIT}.d/00-makai-edits.conf`).endsWith(moved));
    assert.match(read(UNIT), /^ExecStart=\/opt\/node\/bin\/node [\s\S]*^MemoryMax=2G$/m);
    assert.match(read(`${UNIT}.edited`), /^# for the large site$/m);
    assert.doesNotMatch(install('/opt/node/bin/node'), /edit/);
    edit(UNIT, 'MemoryMax=2G', 'MemoryMax=4G');
    install();
    assert.ok(read(`${UNIT}.d/00-makai-edits.conf`).endsWith(`${moved}[Service]\nMemoryMax=4G\n`));
  });

  it('of a unit gives way to the drop-ins that are there', () => {
    install();
    edit(UNIT, 'MemoryMax=2G', 'MemoryMax=3G');
    mkdirSync(join(root, `${UNIT}.d`));
    writeFileSync(join(root, `${UNIT}.d/limits.conf`), '[Service]\nMemoryMax=4G\n');
    install();
    // systemd.unit(5): in the order of their names, so that the last one holds.
    assert.deepEqual(readdirSync(join(root, `${UNIT}.d`)).sort(), ['00-makai-edits.conf', 'limits.conf']);
  });

  it('is kept as a file each time, under a name that is free', () => {
    for (const value of ['3G', '4G', '4G']) {
      install();
      edit(UNIT, 'MemoryMax=2G', `MemoryMax=${value}`);
      install();
    }
    assert.match(read(`${UNIT}.edited`), /^MemoryMax=3G$/m);
    assert.match(read(`${UNIT}.edited.2`), /^MemoryMax=4G$/m);
    assert.ok(!existsSync(join(root, `${UNIT}.edited.3`)));
  });

  it('of a unit stays where a drop-in cannot say it, with the lines that differ, also the next time', () => {
    install();
    edit(UNIT, ' mongod.service', '');
    const edited = read(UNIT);
    for (const said of [install('/opt/node'), install('/opt/node')]) {
      assert.match(said, /leave \S+makai-triggering-service\.service as it is: it was edited/);
      assert.match(said, /\n +- After=.*mongod.*\n +\+ After=/);
      assert.equal(read(UNIT), edited);
    }
    assert.match(read('etc/systemd/system/makai-web-service.service'), /^ExecStart=\/opt\/node /m);
  });

  it('of another file stays', () => {
    install();
    edit(USER, 'u opq -', 'u opq 991');
    assert.match(
      install(),
      /leave \S+sysusers\.d\/makai\.conf as it is: it was edited[\s\S]*\n +\+ u opq 991/,
    );
    assert.match(read(USER), /^u opq 991 /m);
  });

  it('without a record: a unit of this version with other paths is replaced, any other stays', () => {
    install();
    rmSync(join(root, 'var'), { recursive: true });
    assert.doesNotMatch(install('/opt/node'), /leave \S+\.service/);
    rmSync(join(root, 'var'), { recursive: true });
    edit(UNIT, 'MemoryMax=2G', 'MemoryMax=3G');
    assert.match(
      install(),
      /leave \S+ as it is: it is not what this version writes[\s\S]*- MemoryMax=2G\n[\s\S]*\+ MemoryMax=3G/,
    );
    assert.match(read(UNIT), /^MemoryMax=3G$/m);
  });

  it('a link in the place of a unit stays', () => {
    install();
    rmSync(join(root, UNIT));
    symlinkSync('/dev/null', join(root, UNIT));
    assert.match(install(), /leave \S+triggering-service\.service as it is: it is a link/);
  });

  it('of a unit that gives way to that of a Debian package: the edit holds for the new one', () => {
    const packageRoot = '/usr/lib/opq-makai';
    install();
    edit(UNIT, 'MemoryMax=2G', 'MemoryMax=3G');
    perform(layOut(root, `${packageRoot}/bin/node`, packageRoot), () => undefined);
    perform(installPlan({ root, packageRoot }), () => undefined);
    assert.ok(!existsSync(join(root, UNIT)));
    assert.match(read(`${UNIT}.d/00-makai-edits.conf`), /^MemoryMax=3G$/m);
  });
});
