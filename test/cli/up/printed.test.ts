import assert from 'node:assert/strict';
import { MAX_KEPT, Seen, Sentences } from '../../../cli/up/printed.js';

describe('cli/up: what was printed already', () => {
  it('an incident that is published under several classes is new once', () => {
    const seen = new Seen();
    assert.deepEqual([seen.isNew(1), seen.isNew(1), seen.isNew(2)], [true, false, true]);
  });

  it('a group is new again when its sentence changes', () => {
    const sentences = new Sentences();
    assert.equal(sentences.isNew({ group_id: 1, sentence: 'two boxes' }), true);
    assert.equal(sentences.isNew({ group_id: 1, sentence: 'two boxes' }), false);
    assert.equal(sentences.isNew({ group_id: 1, sentence: 'three boxes' }), true);
  });

  it('only the newest are kept', () => {
    const [seen, sentences] = [new Seen(), new Sentences()];
    for (let id = 0; id <= MAX_KEPT; id += 1) {
      seen.isNew(id);
      sentences.isNew({ group_id: id, sentence: 'a' });
    }
    assert.deepEqual([seen.isNew(MAX_KEPT), seen.isNew(0)], [false, true]);
    assert.equal(sentences.isNew({ group_id: MAX_KEPT, sentence: 'a' }), false);
    assert.equal(sentences.isNew({ group_id: 0, sentence: 'a' }), true);
  });
});
