/** `makai uninstall`: what goes and what stays. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instancePlan } from '../../../cli/install/instance.js';
import { installPlan, layOut, perform } from '../../../cli/install/plan.js';
import { put } from '../../../cli/install/steps.js';
import { type UninstallOptions, uninstallPlan } from '../../../cli/install/uninstall.js';

const UNIT = 'etc/systemd/system/makai-web-service.service';

describe('cli/install: uninstall', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'makai-uninstall-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const files = (): string[] =>
    execFileSync('find', ['.', '-type', 'f', '-printf', '%P\n'], { cwd: root, encoding: 'utf8' })
      .split('\n')
      .filter((name) => name !== '')
      .sort();
  const install = (): void => {
    perform(installPlan({ root }), () => undefined);
    perform(instancePlan('lab', root), () => undefined);
    put(join(root, 'var/lib/opq/makai.db'), 'data');
    put(join(root, 'var/lib/makai/lab/makai.db'), 'data');
  };
  const uninstall = (options: UninstallOptions = {}): string[] => {
    const lines: string[] = [];
    perform(uninstallPlan({ root, ...options }), (line) => lines.push(line));
    return lines;
  };

  it('removes what install wrote, leaves settings, keys and data, and says so', () => {
    install();
    const lines = uninstall();
    assert.deepEqual(
      files().filter(
        (name) => !/^(etc\/opq|etc\/makai\/lab|var\/lib\/opq|var\/lib\/makai\/lab)\//.test(name),
      ),
      [],
    );
    assert.equal(files().length, 14);
    for (const folder of ['etc/opq', 'var/lib/opq', 'etc/makai/lab', 'var/lib/makai/lab'])
      assert.ok(lines.includes(`leave ${join(root, folder)}`), folder);
    assert.ok(lines.some((line) => line.startsWith('leave the user opq')));
    assert.throws(() => uninstall(), { code: 'NOT_FOUND' });
    uninstall({ purge: true });
    assert.deepEqual(files(), []);
  });

  it('keeps an edited unit under another name, and drop-ins; with --purge nothing of them', () => {
    install();
    writeFileSync(join(root, UNIT), `${readFileSync(join(root, UNIT), 'utf8')}# mine\n`);
    put(join(root, `${UNIT}.d/own.conf`), '[Service]\nNice=5\n');
    const empty = join(root, 'etc/systemd/system/makai-triggering-broker.service.d');
    mkdirSync(empty);
    const lines = uninstall();
    assert.match(readFileSync(join(root, `${UNIT}.edited`), 'utf8'), /# mine\n$/);
    assert.ok(lines.includes(`leave ${join(root, UNIT)}.d`));
    assert.ok(!existsSync(empty));
    assert.deepEqual(
      files().filter((name) => name.startsWith('etc/systemd')),
      [`${UNIT}.d/own.conf`, `${UNIT}.edited`],
    );
    uninstall({ purge: true });
    assert.deepEqual(files(), []);
  });

  it('of one instance leaves the installation', () => {
    install();
    const before = files();
    uninstall({ instance: 'lab' });
    assert.deepEqual(
      before.filter((name) => !files().includes(name)),
      ['etc/tmpfiles.d/makai-lab.conf'],
    );
    uninstall({ instance: 'lab', purge: true });
    assert.deepEqual(
      files().filter((name) => name.includes('lab')),
      [],
    );
    assert.throws(() => uninstall({ instance: 'lab' }), { code: 'NOT_FOUND' });
    assert.throws(() => uninstall({ instance: '../opq', purge: true }), { code: 'INSTALL_FAILED' });
  });

  it('leaves what is beside the instances, and says so', () => {
    install();
    const others = ['etc/makai/tls-old/key.pem', 'etc/makai/notes/a.txt', 'var/lib/makai/dump/a.db'];
    for (const path of others) put(join(root, path), 'mine');
    const lines = uninstall({ purge: true });
    assert.deepEqual(files(), [...others].sort());
    for (const folder of ['etc/makai/tls-old', 'etc/makai/notes', 'var/lib/makai/dump'])
      assert.ok(lines.includes(`leave ${join(root, folder)}: it is not of an instance`), folder);
  });

  it('leaves what a link points to, and says so', () => {
    install();
    const [state, disk] = [join(root, 'var/lib/opq'), join(root, 'disk')];
    renameSync(state, disk);
    symlinkSync('../../disk', state);
    const lines = uninstall({ purge: true });
    assert.ok(lines.includes(`remove the link ${state}, and leave ${disk}, which it points to`));
    assert.deepEqual(files(), ['disk/makai.db']);
  });

  it('keeps the copies of edited units of before; with --purge nothing of them', () => {
    for (const nice of ['5', '6']) {
      install();
      writeFileSync(join(root, UNIT), `${readFileSync(join(root, UNIT), 'utf8')}Nice=${nice}\n`);
      uninstall();
    }
    assert.match(readFileSync(join(root, `${UNIT}.edited`), 'utf8'), /Nice=5\n$/);
    assert.match(readFileSync(join(root, `${UNIT}.edited.2`), 'utf8'), /Nice=6\n$/);
    install();
    writeFileSync(join(root, UNIT), `${readFileSync(join(root, UNIT), 'utf8')}Nice=7\n`);
    uninstall({ purge: true });
    assert.deepEqual(files(), []);
  });

  it('leaves a Debian package to apt', () => {
    const packageRoot = '/usr/lib/opq-makai';
    perform(layOut(root, `${packageRoot}/bin/node`, packageRoot), () => undefined);
    assert.throws(() => uninstall({ packageRoot }), {
      code: 'INSTALL_FAILED',
      hint: /^apt remove opq-makai/,
    });
  });
});
