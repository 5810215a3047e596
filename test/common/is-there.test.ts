import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isThere } from '../../common/is-there.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';

const NOBODY = 65_534;

describe('common/is-there', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-there-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('says whether a file is there', () => {
    const file = join(folder, 'a');
    assert.equal(isThere(file, 'CONFIG_UNREADABLE'), false);
    writeFileSync(file, '');
    assert.equal(isThere(file, 'CONFIG_UNREADABLE'), true);
    assert.equal(isThere(join(file, 'b'), 'CONFIG_UNREADABLE'), false, 'below a file there is nothing');
  });

  it('what cannot be looked for is not said to be missing', () => {
    const impossible = join(folder, 'x'.repeat(300));
    assert.throws(() => isThere(impossible, 'STORE_UNAVAILABLE'), { code: 'STORE_UNAVAILABLE' });
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    writeFileSync(join(closed, 'a'), '');
    chmodSync(folder, 0o755);
    chmodSync(closed, 0);
    const module = join(PACKAGE_ROOT, 'dist/common/is-there.js');
    // Root may enter every folder: another user looks, once Node and the module are loaded, which that user may not be able to read.
    const script = `import('${module}').then(({ isThere }) => {
      if (process.getuid() === 0) { process.setegid(${NOBODY}); process.seteuid(${NOBODY}); }
      try { process.stdout.write(String(isThere('${join(closed, 'a')}', 'CONFIG_UNREADABLE'))); }
      catch (error) { process.stdout.write(error.code + ' ' + error.message + ' ' + error.hint); } })`;
    const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    chmodSync(closed, 0o700);
    assert.match(stdout, /^CONFIG_UNREADABLE .*cannot be looked for: EACCES.* opq/);
  });
});
