import assert from 'node:assert/strict';
import fc from 'fast-check';
import { holdsPassword, shownUrl } from '../../common/store-url.js';

describe('common/store-url', () => {
  it('shows neither user nor password nor options', () => {
    assert.equal(shownUrl('mongodb://u:p%40x@h:1/opq?authSource=x'), 'mongodb://h:1/opq');
    assert.equal(shownUrl('mongodb+srv://u:p@cluster.example/opq'), 'mongodb+srv://cluster.example/opq');
    assert.equal(shownUrl('mongodb://a,b:2/opq'), 'mongodb://a,b:2/opq');
    assert.equal(shownUrl('mongodb://[::1]:27017,b:1/opq'), 'mongodb://[::1]:27017,b:1/opq');
    assert.equal(shownUrl('mongodb://user:SECRET'), 'mongodb://user:…');
    assert.equal(shownUrl('mongodb://user:SECRET/opq'), 'mongodb://user:…/opq');
    assert.equal(shownUrl('sqlite:/a:b@c.db'), 'sqlite:/a:b@c.db');
  });

  it('whatever the password: it is not shown, and the URL is known to hold one', () => {
    const secret = fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }).map((text) => `SECRET${text}`);
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), secret, (user, password) => {
        for (const scheme of ['mongodb', 'mongodb+srv', 'http']) {
          const url = `${scheme}://${user}:${password}@host:1/opq`;
          assert.equal(shownUrl(url), `${scheme}://host:1/opq`);
          assert.equal(holdsPassword(url), true);
        }
      }),
    );
  });

  it('knows options with secrets, and URLs without', () => {
    for (const option of ['tlsCertificateKeyFilePassword=x', 'a=b&authMechanismProperties=TOKEN:x'])
      assert.equal(holdsPassword(`mongodb://h/opq?${option}`), true, option);
    for (const url of ['mongodb://u@h:27017/opq', 'mongodb://h:27017/opq?authSource=admin', 'sqlite:/a:b@c'])
      assert.equal(holdsPassword(url), false, url);
  });
});
