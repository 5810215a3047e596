import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readJson } from '../../config/json.js';

describe('config/json', () => {
  it('reads what JSON.stringify writes, in any layout', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space);
        assert.deepEqual(readJson(text), { value: JSON.parse(text) });
      }),
    );
  });

  it('takes what JSON.parse takes and refuses what it refuses', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '1',
      '-',
      '0',
      '.5',
      'e9',
      'true',
      'nul',
      ' ',
      '\n',
      '"',
      '\\',
      '\t"\t"',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const result = readJson(text);
        if (result.mistake?.message.includes('twice')) return;
        let sound = true;
        try {
          JSON.parse(text);
        } catch {
          sound = false;
        }
        assert.equal(result.mistake === undefined, sound, text);
      }),
      { numRuns: 5000 },
    );
  });

  it('gives line and column, never the text', () => {
    const { mistake } = readJson('{\n  "sec_key": "SECRET" oops\n}');
    assert.deepEqual(mistake, { message: 'expected "," or "}"', line: 2, column: 23 });
  });

  it('refuses a field twice, also written differently, and great depth', () => {
    assert.match(readJson('{"a":1,"\\u0061":2}').mistake?.message ?? '', /"a" appears twice/);
    assert.match(readJson('['.repeat(100_000)).mistake?.message ?? '', /levels deep/);
  });
});
