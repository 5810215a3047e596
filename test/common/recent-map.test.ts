import assert from 'node:assert/strict';
import { RecentMap } from '../../common/recent-map.js';

describe('common/recent-map', () => {
  it('forgets what was set or used longest ago, and counts it', () => {
    const map = new RecentMap<string, number>(2);
    map.set('a', 1).set('b', 2).set('a', 3);
    assert.equal(map.get('b'), 2); // no use
    map.set('c', 4);
    assert.deepEqual(
      [...map],
      [
        ['a', 3],
        ['c', 4],
      ],
    );
    assert.equal(
      map.use('a', () => 9),
      3,
    );
    assert.equal(
      map.use('d', () => 5),
      5,
    );
    assert.deepEqual([...map.keys()], ['a', 'd']);
    assert.deepEqual([map.size, map.forgotten], [2, 2]);
    map.delete('a');
    map.set('e', 6);
    assert.deepEqual([[...map.keys()], map.forgotten], [['d', 'e'], 2]);
  });
});
