/** `makai plugin new`: what it lays out builds, passes its own test, and asks for the same in all four languages. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LANGUAGES, type Language, newPlugin, STEPS } from '../../../cli/plugin/new.js';
import { manifestFile } from '../../../plugin-host/module-graph.js';
import { BUILDS } from '../../plugins/authors/build.js';
import { hasClang, rustcForWasm, skipFor } from '../../support/compilers.js';
import { makaiOnPath } from '../../support/makai-on-path.js';
import { makai } from '../run-process.js';

const exec = promisify(execFile);

describe('cli: makai plugin new', function () {
  this.timeout(400_000);
  const path = makaiOnPath();
  const folder = mkdtempSync(join(BUILDS, 'new-plugins-'));
  const asked = new Map<Language, string>();
  after(() => {
    rmSync(path.folder, { recursive: true });
    rmSync(folder, { recursive: true });
  });

  const run = async (command: string, cwd: string) =>
    (await exec('sh', ['-c', command], { cwd, env: path.env })).stdout;

  const missing = (language: Language): string | undefined => {
    if (language === 'c' && !hasClang()) return 'clang or wasm-ld';
    return language === 'rust' && rustcForWasm() === undefined ? 'rustc for wasm32' : undefined;
  };

  for (const language of LANGUAGES) {
    it(`${language}: builds, passes its test, has no errors`, async function () {
      const lacks = missing(language);
      if (lacks !== undefined) skipFor(this, lacks);
      const name = `dips-${language}`;
      const said = await run(`makai plugin new ${name} --lang ${language}`, folder);
      assert.match(said, new RegExp(`next:\n {2}cd ${name}\n(.|\n)*makai plugin run `));
      const { build, test } = STEPS[language];
      for (const step of build.filter((one) => one !== 'npm install')) await run(step, join(folder, name));
      assert.match(
        await run(test, join(folder, name)),
        /\nno errors\nsags: as expected \(3 results\)\n1 of 1 cases as expected\n/,
      );
      const built = /makai plugin run (\S+)/.exec(said)?.[1] ?? '';
      const demo = await run(`makai plugin run ${built} --replay checkup --json`, join(folder, name));
      asked.set(language, demo.replaceAll(name, 'dips'));
      const { stdout: check } = await makai(['plugin', 'check', join(folder, name, built)]);
      assert.match(check, new RegExp(`: ${name} 0\\.1\\.0, .*\nreads: rms\n`), 'its manifest is beside it');
    });

    it(`${language}: has a README, and nothing of the template's placeholders is left`, () => {
      const { folder: laid } = newPlugin('other', language, join(folder, `other-${language}`));
      assert.ok(existsSync(join(laid, 'README.md')) && existsSync(join(laid, '.gitignore')));
      for (const file of ['README.md', 'test.sh', 'test/cases/sags/expected.json']) {
        assert.doesNotMatch(readFileSync(join(laid, file), 'utf8'), /__[A-Z]+__/);
      }
    });

    it(`${language}: its test finds a plugin that asks for something else`, async function () {
      const lacks = missing(language);
      if (lacks !== undefined) skipFor(this, lacks);
      const project = join(folder, `dips-${language}`);
      const expected = join(project, 'test/cases/sags/expected.json');
      writeFileSync(expected, readFileSync(expected, 'utf8').replace('13.125', '13.126'));
      await assert.rejects(run(STEPS[language].test, project), {
        stdout: /sags: 1 difference\n {2}result 2, percentMagnitude: expected 13\.126, found 13\.125\n/,
      });
    });
  }

  it('asks for the same in every language', () => {
    const [first, ...others] = asked.values();
    assert.ok(first !== undefined && first.split('\n').length > 10);
    for (const other of others) assert.equal(other, first);
  });

  it('reports a mistake in the settings in every language, and refuses the plugin', async () => {
    for (const language of asked.keys()) {
      const scripts: Partial<Record<Language, string>> = { ts: 'build/src/dips-ts.js', js: 'src/dips-js.js' };
      const built = scripts[language] ?? `build/dips-${language}.wasm`;
      const file = join(folder, `dips-${language}`, built);
      const settings = JSON.stringify({ limit_v: 2000, limit: 3 });
      const check = () => makai(['plugin', 'check', file, '--settings', settings]);
      const byManifest = await check();
      assert.equal(byManifest.code, 1, language);
      assert.match(byManifest.stdout, /limit_v: expected number to be <=1000, found 2000 \(by /, language);
      assert.match(byManifest.stdout, /limit: unknown setting; did you mean limit_v\?/, language);
      rmSync(manifestFile(file));
      const byPlugin = await check();
      assert.equal(byPlugin.code, 1, language);
      assert.match(byPlugin.stdout, /limit_v: must be/, language);
      assert.match(byPlugin.stdout, /limit: no such setting/, language);
    }
  });

  it('leaves a folder alone that is not empty, and takes an empty one', () => {
    const there = join(folder, 'there');
    mkdirSync(there);
    newPlugin('first', 'c', there);
    assert.throws(() => newPlugin('second', 'c', there), { code: 'TARGET_NOT_EMPTY' });
    assert.throws(() => newPlugin('second', 'c', join(there, 'README.md')), { code: 'TARGET_NOT_EMPTY' });
  });

  it('takes no name that a file could not have, and no language it does not know', async () => {
    for (const name of ['../x', 'A', '-x', 'x'.repeat(41), 'a b', '']) {
      const { code, stderr } = await makai([
        'plugin',
        'new',
        name,
        '--lang',
        'c',
        '--dir',
        join(folder, 'no'),
      ]);
      assert.equal(code, 2, stderr);
    }
    assert.equal((await makai(['plugin', 'new', 'x', '--lang', 'cobol'])).code, 2);
    assert.equal((await makai(['plugin', 'new', 'x'])).code, 2);
    assert.ok(!existsSync(join(folder, 'no')));
  });
});
