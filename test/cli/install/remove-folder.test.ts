/** A purge of folders that are mount points, in a mount namespace of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { put } from '../../../cli/install/steps.js';

const MODULE = new URL('../../../cli/install/remove-folder.js', import.meta.url).href;
const NAMESPACE = ['--user', '--map-root-user', '--mount'];

describe('cli/install: a folder that is removed', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'makai-purge-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is emptied and stays where it is a mount point, with the folders above it', function () {
    this.timeout(60_000);
    const canMount = spawnSync('unshare', [...NAMESPACE, 'mount', '-t', 'tmpfs', 'none', root]).status === 0;
    if (!canMount) {
      process.stderr.write('    no mount namespaces here: left out\n');
      this.skip();
    }
    const [state, spool, file] = ['opq', 'opq/spool', 'opq/makai.conf'].map((path) => join(root, path));
    for (const path of ['opq/a', 'opq/keys/b', 'opq/makai.conf', 'other/c']) put(join(root, path), '');
    mkdirSync(join(root, 'opq/spool'));
    const script = `
      import { execFileSync } from 'node:child_process';
      import { readdirSync, writeFileSync } from 'node:fs';
      import { removeFolder } from '${MODULE}';
      const [root, state, spool, file] = process.argv.slice(1);
      execFileSync('mount', ['-t', 'tmpfs', 'none', spool]);
      execFileSync('mount', ['--bind', '/dev/null', file]);
      writeFileSync(spool + '/x', '');
      const lines = [];
      for (const folder of [state, root + '/other']) removeFolder(folder, (line) => lines.push(line));
      process.stdout.write(JSON.stringify({ lines: lines.sort(), left: readdirSync(state).sort(), spool: readdirSync(spool) }));`;
    const child = spawnSync(
      'unshare',
      [...NAMESPACE, process.execPath, '--input-type=module', '-e', script, root, state, spool, file].map(
        String,
      ),
      { encoding: 'utf8' },
    );
    assert.equal(child.status, 0, child.stderr);
    assert.deepEqual(JSON.parse(child.stdout), {
      lines: [
        `leave ${file}: it is a mount point`,
        `leave ${spool}, which is empty now: it is a mount point`,
      ],
      left: ['makai.conf', 'spool'],
      spool: [],
    });
    assert.ok(!existsSync(join(root, 'other')));
  });
});
