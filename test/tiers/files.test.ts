/** Which files are in which tier. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { filesOf, TIERS } from './files.js';
import { LONG } from './long.js';

describe('the tiers of the tests', () => {
  it('have every file once', () => {
    const all = TIERS.flatMap((tier) => Object.values(filesOf(tier)).flat());
    assert.equal(new Set(all).size, all.length);
    for (const file of all) assert.ok(existsSync(join(PACKAGE_ROOT, file)), file);
    assert.ok(all.includes('dist/test/tiers/files.test.js'));
    assert.ok(all.includes('dist/test/image/image.slow.test.js'));
    assert.ok(!all.some((file) => file.includes('/operations/')));
  });

  it('begin with the long files', () => {
    const { parallel, serial } = filesOf('slow');
    assert.deepEqual(
      parallel.slice(0, LONG.length),
      LONG.map((name) => `dist/test/${name.replace(/\.ts$/, '.js')}`),
    );
    assert.ok(serial[0]?.startsWith('dist/test/'), 'the slow tier has serial files');
    assert.deepEqual(filesOf('fast').serial, []);
  });

  it('are what package.json runs', () => {
    const { scripts } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const tier of TIERS)
      assert.match(scripts[`test:${tier}`] ?? '', new RegExp(`tiers/run\\.js ${tier}$`));
  });
});
