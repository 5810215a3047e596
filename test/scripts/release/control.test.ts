import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianDependencies } from '../../../scripts/release/binaries.js';
import { debianVersion } from '../../../scripts/release/control.js';

describe('scripts/release', () => {
  it('gives a release candidate a version that Debian sorts before the release', () => {
    assert.equal(debianVersion('1.2.3'), '1.2.3');
    assert.equal(debianVersion('1.2.3-rc.1'), '1.2.3~rc.1');
  });

  it('those versions are in order for dpkg', function () {
    const isBefore = (one: string, other: string): void =>
      void execFileSync('dpkg', ['--compare-versions', debianVersion(one), 'lt', debianVersion(other)]);
    try {
      execFileSync('dpkg', ['--version'], { stdio: 'ignore' });
    } catch {
      process.stderr.write('    skipped: no dpkg\n');
      this.skip();
    }
    isBefore('0.9.0', '1.0.0-rc.1');
    isBefore('1.0.0-rc.1', '1.0.0-rc.2');
    isBefore('1.0.0-rc.2', '1.0.0');
    isBefore('1.0.0', '1.0.1');
  });

  describe('dependencies of binaries', () => {
    const folder = mkdtempSync(join(tmpdir(), 'makai-binaries-'));
    after(() => rmSync(folder, { recursive: true }));
    const binary = (name: string, text: string): string => {
      const file = join(folder, name);
      writeFileSync(file, `\x7fELF\0${text}\0`);
      return file;
    };
    const C = '/lib/x86_64-linux-gnu/libc.so.6';
    const CPP = '/lib/x86_64-linux-gnu/libstdc++.so.6';

    it('are the packages of the libraries, in the highest version that any binary needs', () => {
      const files = [
        binary('a', 'GLIBC_2.2.5\0GLIBC_2.28\0GLIBCXX_3.4\0GLIBCXX_3.4.21'),
        binary('b', 'GLIBC_2.9\0GLIBC_2.34\0GLIBCXX_3.4.29'),
      ];
      const libraries = ['/lib64/ld-linux-x86-64.so.2', '/lib/x86_64-linux-gnu/libm.so.6', C, CPP];
      assert.deepEqual(debianDependencies(libraries, files), ['libc6 (>= 2.34)', 'libstdc++6 (>= 11)']);
    });

    it('refuse a library that is not always there, and a C++ library that is not known', () => {
      const file = binary('c', 'GLIBCXX_3.4.999');
      assert.throws(
        () => debianDependencies(['/usr/lib/libnode.so.108'], [file]),
        /libnode\.so\.108 is loaded/,
      );
      assert.throws(() => debianDependencies([CPP], [file]), /GLIBCXX_3\.4\.999 is needed/);
    });
  });
});
