import assert from 'node:assert/strict';
import { notes } from '../../config/notes.js';
import { parseSettings, tryConfig } from '../../config/parse.js';

describe('config: workers and shares', () => {
  const mistakes = (input: object) =>
    tryConfig('triggering-service', input).mistakes?.map((m) => [m.path, m.message]);
  const warnings = (input: object) =>
    notes('triggering-service', parseSettings('triggering-service', input)).map(({ path }) => path);

  it('one worker that hears everything, where the file says nothing', () => {
    const { workers, share } = parseSettings('triggering-service', {});
    assert.deepEqual([workers, { ...share }], [1, { of: 1, index: 1, block: 10 }]);
  });

  it('refuses a share that is none of them, and blocks that are no power of ten', () => {
    assert.deepEqual(mistakes({ share: { of: 2, index: 3 } }), [
      ['share.index', 'expected a number from 1 to 2, since share.of is 2, found 3'],
    ]);
    assert.equal(mistakes({ share: { index: 2 } })?.length, 1);
    assert.equal(mistakes({ share: { block: 20 } })?.[0]?.[0], 'share.block');
    assert.equal(mistakes({ workers: 0 })?.[0]?.[0], 'workers');
    assert.equal(mistakes({ share: { of: 2, index: 2, block: 100 }, workers: 64 }), undefined);
  });

  it('warns of an SQLite file that several would share, and of plugins that would see a part of the boxes', () => {
    const share = { of: 2, index: 1 };
    const plugins = [{ path: 'outage' }];
    assert.deepEqual(warnings({ share, plugins }), ['share', 'plugins[0]']);
    assert.deepEqual(warnings({ share, store: 'mongodb://db/opq' }), []);
    assert.deepEqual(warnings({ workers: 8, plugins }), []);
  });
});
