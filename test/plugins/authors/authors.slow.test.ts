/** The plugins of this folder: they build, have no errors, and return what they should on their golden cases. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makai } from '../../cli/run-process.js';
import { skipFor } from '../../support/compilers.js';
import { AUTHORS, BUILDS, buildAuthor, casesOf, missingFor } from './build.js';

describe('plugins as an author writes them', function () {
  this.timeout(400_000);
  const folder = mkdtempSync(join(BUILDS, 'authors-'));
  after(() => rmSync(folder, { recursive: true }));

  for (const name of AUTHORS) {
    it(`${name}: has no errors, and returns what it should`, async function () {
      const lacks = missingFor(name);
      if (lacks !== undefined) skipFor(this, lacks);
      const file = buildAuthor(name, folder);
      const check = await makai(['plugin', 'check', file]);
      assert.deepEqual([check.code, check.stdout.trimEnd().split('\n').at(-1)], [0, 'no errors']);
      const { code, stdout } = await makai(['plugin', 'test', file, casesOf(name)]);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /\(\d+ results\)\n1 of 1 cases as expected\n$/);
    });
  }
});
