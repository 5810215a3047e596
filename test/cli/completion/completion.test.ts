/** `makai completion`: what the shells offer, asked of the shells themselves. zsh completes on a terminal only, so its script is read, not run. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { completionFor, SHELLS } from '../../../cli/completion/index.js';
import { buildProgram, descendants } from '../../../cli/program.js';

describe('cli/completion', function () {
  this.timeout(60_000);
  const files: Record<string, string> = {};
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-completion-'));
    for (const shell of SHELLS) {
      const file = join(folder, `makai.${shell}`);
      writeFileSync(file, completionFor(shell, buildProgram()));
      files[shell] = file;
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  function run(test: Mocha.Context, shell: string, ...args: string[]): string {
    const { error, status, stderr, stdout } = spawnSync(shell, args, { encoding: 'utf8' });
    if (error !== undefined) {
      process.stderr.write(`    skipped: no ${shell} here\n`);
      test.skip();
    }
    assert.deepEqual([status, stderr], [0, '']);
    return stdout;
  }

  /** What bash offers for lines, the last word of each not yet complete. */
  function bash(test: Mocha.Context, lines: readonly string[]): string[][] {
    const asked = lines.map(
      (line) =>
        `COMP_WORDS=(${line.replace(/ $/, " ''")}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _makai; echo "\${COMPREPLY[*]}"`,
    );
    const script = `source ${files.bash}; ${asked.join('; ')}`;
    return run(test, 'bash', '--norc', '-c', script)
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(' ').filter((word) => word !== ''));
  }

  it('bash: commands, options, choices; otherwise file names', function () {
    const [top, of, list, json, dialect, file, flag, web] = bash(this, [
      'makai ',
      'makai events ',
      'makai events l',
      'makai events list --js',
      'makai box --dialect ',
      'makai box --config ',
      'makai boxes --h',
      'makai web --',
    ]);
    assert.deepEqual(
      top,
      buildProgram().commands.map((command) => command.name()),
    );
    assert.ok(of?.includes('export') && of.includes('keep'));
    assert.deepEqual([list, json, dialect, file], [['list'], ['--json'], ['2', '3', 'mixed'], []]);
    assert.deepEqual([flag, web], [['--help'], ['--help']]);
  });

  it('bash: every command and every option', function () {
    const program = buildProgram();
    const places = descendants(program).map((command) => ({
      line: `makai ${command.parent === program ? '' : `${command.parent?.name()} `}${command.name()} -`,
      options: command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []),
    }));
    const offered = bash(
      this,
      places.map(({ line }) => line),
    );
    for (const [index, { line, options }] of places.entries())
      for (const option of options) assert.ok(offered[index]?.includes(option), `${line}: ${option}`);
  });

  it('fish: the same, with descriptions', function () {
    const ask = (line: string): string =>
      run(this, 'fish', '--no-config', '-c', `source ${files.fish}; complete -C '${line}'`);
    assert.match(ask('makai eve'), /^events\tShow, export and delete/m);
    assert.match(ask('makai events list --js'), /^--json\tNDJSON/m);
    assert.equal(ask('makai box --dialect ').replace(/\t.*/gm, ''), '2\n3\nmixed\n');
  });

  it('zsh: the script is sound', function () {
    run(this, 'zsh', '-n', files.zsh ?? '');
  });
});
