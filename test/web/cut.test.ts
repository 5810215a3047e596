/** A list that does not hold everything says so. */
import assert from 'node:assert/strict';
import { cutOf } from '../../web/logic/incidents.js';
import { text } from '../../web/logic/text.js';

const items = [{ start_timestamp_ms: 3000 }, { start_timestamp_ms: 2000 }];

describe('a page of incidents', () => {
  it('that has a next one is cut at its last incident', () => {
    assert.deepEqual(cutOf({ items, next: 'more' }), { count: 2, fromMs: 2000 });
    assert.equal(
      text.overview.cut('500', '2026-05-01 12:00'),
      'Only the newest 500 incidents, from 2026-05-01 12:00 on. Choose a shorter range for all.',
    );
  });

  it('without a next one is whole', () => {
    assert.equal(cutOf({ items }), undefined);
    assert.equal(cutOf({ items: [], next: undefined }), undefined);
  });
});
