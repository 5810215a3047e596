/** Exit codes: 3 where nothing has the id or name that was given; 1 where it cannot be known; quiet ends where nobody reads. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { makai } from './run-process.js';

describe('cli: exit codes', function () {
  this.timeout(400_000);
  let folder = '';
  let store: string[] = [];
  let keys: string[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'makai-exit-'));
    store = ['--store', `sqlite:${join(folder, 'makai.db')}`];
    keys = ['--dir', join(folder, 'curve')];
    for (const args of [
      ['store', 'init', ...store],
      ['boxes', 'add', '1001', ...store],
      ['keys', 'new-box', '1001', ...keys],
    ])
      assert.equal((await makai(args)).code, 0, args.join(' '));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const missing = (): string[][] => [
    ['events', 'show', '9', ...store],
    ['events', 'keep', '9', ...store],
    ['events', 'delete', '9', '--yes', ...store],
    ['events', 'export', '9', ...store],
    ['incidents', 'show', '9', ...store],
    ['incidents', 'annotate', '9', 'seen', ...store],
    ['analyse', '9', ...store],
    ['boxes', 'show', '9', ...store],
    ['boxes', 'set', '9', '--name', 'x', ...store],
    ['boxes', 'retire', '9', ...store],
    ['series', 'export', 'none', ...store],
    ['users', 'remove', 'nobody', ...store],
    ['tokens', 'remove', 'none', ...store],
    ['keys', 'revoke', '9', ...keys],
    ['uninstall', '--instance', 'none', '--yes', '--root', folder],
  ];

  it('of what is not there are 3, with NOT_FOUND', async () => {
    for (const args of missing()) {
      const { code, stderr } = await makai(args);
      assert.deepEqual([code, /\[NOT_FOUND\]/.test(stderr)], [3, true], `${args.join(' ')}: ${stderr}`);
    }
  });

  it('of a store that is not there, or that cannot be looked for, are 1', async () => {
    const impossible = join(folder, 'x'.repeat(300));
    for (const [path, what] of [
      [join(folder, 'none.db'), /there is no store/],
      [impossible, /cannot be looked for/],
    ] as const) {
      const { code, stderr } = await makai(['events', 'list', '--store', `sqlite:${path}`]);
      assert.deepEqual([code, what.test(stderr)], [1, true], stderr);
    }
    for (const args of [
      ['store', 'backup', impossible, ...store],
      ['store', 'restore', impossible, ...store],
      ['store', 'backup', join(folder, 'copies/'), ...store, '--all', '--config', impossible],
    ]) {
      const { code, stderr } = await makai(args);
      assert.deepEqual([code, /ENAMETOOLONG/.test(stderr)], [1, true], `${args.join(' ')}: ${stderr}`);
      assert.doesNotMatch(stderr, /there is no|does not exist|\n {4}at /);
    }
  });

  const listings = (): string[][] => [
    ['--help'],
    ['events', 'list', ...store],
    ['incidents', 'list', ...store],
    ['incidents', 'export', '--all', ...store],
    ['measurements', '1001', ...store],
    ['trends', '1001', ...store],
    ['series', 'list', ...store],
    ['boxes', 'list', ...store],
    ['audit', 'list', ...store],
    ['users', 'list', ...store],
    ['store', 'check', ...store],
    ['keys', 'list', ...keys],
    ['status', '--dir', folder],
    ['doctor', '--dir', folder],
  ];

  async function run(args: readonly string[], stdout: number | 'pipe') {
    const child = spawn(process.execPath, [join(PACKAGE_ROOT, 'dist/cli/main.js'), ...args], {
      stdio: ['ignore', stdout, 'pipe'],
    });
    let stderr = '';
    child.stderr?.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    child.stdout?.destroy();
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stderr };
  }

  it('of listings whose reader is gone are 0, without a word; on a full disk 1, with one', async () => {
    writeFileSync(join(folder, 'makai.conf'), '{}');
    for (const args of listings()) {
      const isGone = await run(args, 'pipe');
      assert.deepEqual(isGone, { code: 0, stderr: '' }, args.join(' '));
      if (!existsSync('/dev/full')) continue;
      const full = openSync('/dev/full', 'w');
      const { code, stderr } = await run(args, full);
      closeSync(full);
      assert.equal(code, 1, args.join(' '));
      assert.match(stderr, /^error \[OUTPUT_NOT_WRITTEN\]: [^\n]*ENOSPC[^\n]*\n$/, args.join(' '));
    }
  });
});
