import assert from 'node:assert/strict';
import { placeOf } from '../../common/store-url.js';

describe('common/store-url', () => {
  it('two URLs of one database lead to the same place', () => {
    for (const url of [
      'mongodb://host',
      'mongodb://host/',
      'mongodb://host/opq',
      'mongodb://host:27017/opq',
      'mongodb://user:secret@HOST/opq?w=majority',
      'mongodb://host?w=majority',
    ])
      assert.equal(placeOf(url), 'mongodb://host:27017/opq', url);
    assert.equal(placeOf('mongodb://b,a:27018/x'), placeOf('mongodb://a:27018,b:27017/x'));
    assert.equal(placeOf('sqlite:///var/a.db'), placeOf('sqlite:/var/a.db'));
    assert.equal(placeOf('sqlite:a.db'), placeOf(`sqlite:${process.cwd()}/./a.db`));
    assert.equal(placeOf('sqlite::memory:'), 'sqlite::memory:');
  });

  it('other databases do not', () => {
    const places = [
      'mongodb://host/opq2',
      'mongodb://host2/opq',
      'mongodb+srv://host/opq',
      'mongodb://host:1/opq',
      'sqlite:a.db',
    ].map(placeOf);
    assert.equal(new Set([...places, 'mongodb://host:27017/opq']).size, 6);
  });
});
