/** NDJSON, written and read again, and what is none. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ndjsonLine, readNdjson } from '../../../formats/ndjson/index.js';

const read = (text: string): unknown[] => [...readNdjson(Buffer.from(text), 'x.ndjson')];

describe('NDJSON', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue())), (documents) => {
        const expected = JSON.parse(JSON.stringify(documents)) as unknown;
        assert.deepEqual(read(documents.map(ndjsonLine).join('')), expected);
      }),
    );
  });

  it('skips blank lines and a byte order mark, takes any line end', () => {
    assert.deepEqual(read('\ufeff{"a":1}\r\n\r\n{"a":2}\n\x1a'), [{ a: 1 }, { a: 2 }]);
    assert.equal(ndjsonLine({ a: Number.NaN, b: undefined }), '{"a":null}\n');
  });

  for (const [text, message] of [
    ['{"a":1}\n{"a":', /x\.ndjson, line 2: is no JSON/],
    ['{"a":1}\n[1]', /line 2: is no object: \[1\]/],
    ['{"a":1}\nnull', /line 2: is no object: null/],
    ['1', /line 1: is no object/],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => read(text), { code: 'RECORDING_INVALID', message });
    });
  }
});
