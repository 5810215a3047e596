/** docs/box-health.md has a section with a worked example for each finding, and no other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BOX_FINDING_CODES } from '../../common/box-findings.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { FINDING_TEXTS } from '../support/finding-texts.js';

describe('docs/box-health.md', () => {
  const text = readFileSync(join(PACKAGE_ROOT, 'docs/box-health.md'), 'utf8');
  const sections = text.split('\n### ').slice(1);

  it('has a section for each finding, from worst to mildest', () => {
    assert.deepEqual(
      sections.map((section) => section.split('\n', 1)[0]),
      [...BOX_FINDING_CODES],
    );
  });

  it('has a worked example in each, with what a daemon says then', () => {
    for (const [i, code] of BOX_FINDING_CODES.entries()) {
      const [, ...examples] = (sections[i] ?? '').split('**Example.**');
      assert.equal(examples.length, 1, code);
      assert.match((examples[0] ?? '').replaceAll(/\s+/g, ' '), FINDING_TEXTS[code], code);
    }
  });
});
