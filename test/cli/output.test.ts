import assert from 'node:assert/strict';
import { table } from '../../cli/output.js';
import { jsonLine } from '../../common/stdout.js';

describe('cli/output', () => {
  it('aligns columns, numbers to the right, and cuts blanks at the end', () => {
    const columns = [
      { title: 'box', value: (row: { id: string; n?: number }) => row.id },
      { title: 'count', value: (row: { id: string; n?: number }) => row.n, right: true },
    ];
    assert.equal(table(columns, [{ id: '1', n: 20 }, { id: '1001' }]), 'box   count\n1        20\n1001\n');
  });

  it('lets no control character of a peer reach the terminal', () => {
    const text = table([{ title: 't', value: (row: string) => row }], ['a\u001b[31mb\nc']);
    assert.equal(text, 't\na\uFFFD[31mb\uFFFDc\n');
  });

  it('writes documents on one line each, big numbers as text', () => {
    assert.equal(jsonLine({ a: 1n, t: new Date(0) }), '{"a":"1","t":"1970-01-01T00:00:00.000Z"}\n');
  });
});
