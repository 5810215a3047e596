import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { lockedPackages } from '../../cli/licence-reference.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';

/** What may be shipped with an MIT program without more than naming it. */
const FINE = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'MPL-2.0',
  'Unlicense',
  'WTFPL',
  'Zlib',
]);

describe('cli/licences', () => {
  it('every package states its licence, and those at run time have one that we may ship with', () => {
    for (const { development, licence, name } of lockedPackages()) {
      assert.notEqual(licence, 'NOASSERTION', `${name} states no licence`);
      const choices = licence.replace(/[()]/g, '').split(/ OR /);
      if (!development)
        assert.ok(
          choices.some((choice) => choice.split(' AND ').every((one) => FINE.has(one))),
          `${name}: ${licence}`,
        );
    }
  });

  it('npm run sbom prints a CycloneDX bill of materials with every package at run time and no other', async function () {
    this.timeout(400_000);
    const { stdout } = await promisify(execFile)('npm', ['run', '-s', 'sbom'], {
      cwd: PACKAGE_ROOT,
      maxBuffer: 2 ** 26,
    });
    const sbom = JSON.parse(stdout) as { bomFormat: string; components: { 'bom-ref': string }[] };
    assert.equal(sbom.bomFormat, 'CycloneDX');
    const runtime = lockedPackages().filter(({ development }) => !development);
    assert.ok(runtime.some(({ name }) => name === 'bson'));
    assert.deepEqual(
      sbom.components.map((one) => one['bom-ref']).sort(),
      runtime.map(({ name, version }) => `${name}@${version}`).sort(),
    );
  });
});
