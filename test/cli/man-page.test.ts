/** man makai: every command and option, without a warning of the programs that show it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildProgram, descendants } from '../../cli/program.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';

const PAGE = join(PACKAGE_ROOT, 'docs/makai.1');

describe('cli/man page', function () {
  this.timeout(60_000);

  function run(test: Mocha.Context, program: string, ...args: string[]): { stdout: string; stderr: string } {
    const env = { ...process.env, MANWIDTH: '400', LC_ALL: 'C.UTF-8' };
    const { error, stderr, stdout } = spawnSync(program, args, { encoding: 'utf8', env, maxBuffer: 2 ** 26 });
    if (error !== undefined) {
      process.stderr.write(`    skipped: no ${program} here\n`);
      test.skip();
    }
    return { stdout, stderr };
  }

  it('man shows it without a warning, with every command and option', function () {
    const { stderr, stdout } = run(this, 'man', '--warnings', '--local-file', PAGE);
    assert.equal(stderr, '');
    const words = new Set(stdout.split(/[\s,]+/));
    for (const command of descendants(buildProgram())) {
      assert.ok(words.has(command.name()), command.name());
      for (const { hidden, long } of command.options) assert.ok(hidden || words.has(long ?? ''), long);
    }
  });

  it('mandoc has nothing to warn of', function () {
    const { stdout } = run(this, 'mandoc', '-T', 'lint', '-W', 'warning', PAGE);
    assert.equal(stdout.replaceAll(/^.*missing date.*\n/gm, ''), '');
  });
});
