/** Golden cases: each folder holds a file, as it might be found, and what `makai config check` says about it. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLUGIN_SCHEMAS } from '../../cli/plugin-schemas.js';
import { MakaiError } from '../../common/errors.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { checkFile } from '../../config/check.js';
import { findingLine } from '../../config/findings.js';
import { loadConfig } from '../../config/load.js';

const CASES = join(PACKAGE_ROOT, 'test', 'config', 'cases');

describe('config/cases', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-config-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** The modes that a checkout gives are not ours to rely on. */
  function privateCopy(name: string): string {
    const file = join(folder, `${name}.conf`);
    copyFileSync(join(CASES, name, 'input.conf'), file);
    chmodSync(file, 0o600);
    return file;
  }

  for (const name of readdirSync(CASES)) {
    const expected = readFileSync(join(CASES, name, 'expected.txt'), 'utf8');

    it(name, () => {
      const shown = outcome(privateCopy(name));
      assert.equal(shown, expected);
      assert.doesNotMatch(shown, /SECRET-TEXT/);
    });

    it(`${name}: the daemon starts exactly when no line says error`, () => {
      const file = privateCopy(name);
      const kind = /^kind (.+)$/m.exec(expected)?.[1] ?? 'triggering-broker';
      const load = () => loadConfig(kind as 'triggering-broker', file, {});
      if (!/^(error|CONFIG_)/m.test(expected)) assert.equal(load().source, file);
      else
        assert.throws(
          load,
          (error: unknown) => error instanceof MakaiError && !/SECRET-TEXT/.test(error.message),
        );
    });
  }
});

/** What the check says, one finding a line, with the path of the copy left out. */
function outcome(file: string): string {
  try {
    const { kind, findings } = checkFile(file, undefined, PLUGIN_SCHEMAS);
    return [
      `kind ${kind}`,
      ...findings.map((finding) => `${finding.severity} ${findingLine(finding)}`),
      '',
    ].join('\n');
  } catch (error) {
    if (!(error instanceof MakaiError)) throw error;
    return `${error.code} ${error.message.replace(file, 'FILE')}\n`;
  }
}
