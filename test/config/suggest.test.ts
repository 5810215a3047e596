import assert from 'node:assert/strict';
import fc from 'fast-check';
import { distance, nearest } from '../../config/suggest.js';

describe('config/suggest', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });

  it('distance is 0 only for the same word, symmetric, and bounded by the longer one', () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const far = distance(a, b);
        assert.equal(far === 0, a === b);
        assert.equal(far, distance(b, a));
        assert.ok(far <= Math.max(a.length, b.length) && far >= Math.abs(a.length - b.length));
      }),
    );
  });

  it('one insertion, deletion, change or swap is one mistake', () => {
    for (const wrong of ['interfaces', 'interace', 'interfale', 'itnerface'])
      assert.equal(distance('interface', wrong), 1);
  });

  it('finds the nearest name, or none that is near', () => {
    const names = ['client_certs', 'server_cert', 'backend'];
    assert.equal(nearest('clientcert', names), 'client_certs');
    assert.equal(nearest('Server-Cert', names), 'server_cert');
    assert.equal(nearest('redis_host', names), undefined);
    assert.equal(nearest('x'.repeat(1000), names), undefined);
  });
});
