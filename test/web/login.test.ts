/** Which refusals end the session of the page, and which are worth another try. */
import assert from 'node:assert/strict';
import { endsSession, isRenewed, senderOf } from '../../web/logic/login.js';

describe('a refused request of the page', () => {
  it('ends the session only when nobody is logged in, not for a wrong password', () => {
    assert.ok(endsSession(401, 'LOGIN_REQUIRED'));
    assert.ok(!endsSession(401, 'LOGIN_FAILED'));
    assert.ok(!endsSession(403, 'NOT_PERMITTED'));
    // a proxy's own login has no code of ours
    assert.ok(!endsSession(401, undefined));
  });

  it('is sent again with a new token of the same user only', () => {
    const old = { user: 'olga', csrf: 'one' };
    assert.ok(isRenewed(old, { user: 'olga', csrf: 'two' }));
    assert.ok(
      !isRenewed(old, { user: 'olga', csrf: 'one' }),
      'the token was right: the role does not allow it',
    );
    assert.ok(!isRenewed(old, { user: 'adam', csrf: 'two' }), 'another user is logged in now');
    assert.ok(!isRenewed(old, senderOf({ user: undefined })), 'nobody is logged in now');
    assert.ok(!isRenewed(old, senderOf(undefined)));
  });
});
