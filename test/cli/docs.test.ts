import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedDocs } from '../../cli/generated-docs.js';
import { buildProgram, descendants } from '../../cli/program.js';
import { ERROR_CODES } from '../../common/error-codes.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';

describe('cli/generated docs', () => {
  for (const [name, text] of Object.entries(generatedDocs())) {
    it(`docs/${name} is what the code says (else: npm run docs)`, () => {
      assert.equal(readFileSync(join(PACKAGE_ROOT, 'docs', name), 'utf8'), text);
    });
  }

  it('every command, argument and option is described', () => {
    for (const command of descendants(buildProgram())) {
      assert.notEqual(command.description(), '', `${command.name()} has no description`);
      for (const part of [...command.registeredArguments, ...command.options]) {
        assert.ok(part.description, `${command.name()}: an argument or option has no description`);
      }
    }
  });

  it('the catalogue of errors is in alphabetical order', () => {
    const codes = Object.keys(ERROR_CODES);
    assert.deepEqual(codes, [...codes].sort());
  });
});
