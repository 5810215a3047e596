import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { highestSpooledEventId } from '../../../store/spool/highest-id.js';

describe('store/spool: highest event id', () => {
  it('is 0 without a file', () => {
    assert.equal(highestSpooledEventId(join(tmpdir(), 'no-such-folder', 'spool.db')), 0);
  });

  it('is not said to be 0 where the file cannot be looked for', () => {
    const impossible = join(tmpdir(), 'x'.repeat(300));
    assert.throws(() => highestSpooledEventId(impossible), { code: 'STORE_UNAVAILABLE' });
  });
});
