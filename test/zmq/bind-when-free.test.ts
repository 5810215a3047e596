import assert from 'node:assert/strict';
import { bindWhenFree } from '../../zmq/bind-when-free.js';

describe('zmq/bind-when-free', () => {
  /** Fails with these codes, one after the other; then it succeeds. */
  function socket(codes: readonly string[]) {
    let tries = 0;
    const bind = async (): Promise<void> => {
      const code = codes[tries];
      tries += 1;
      if (code !== undefined) throw Object.assign(new Error(code), { code });
    };
    return { bind, tries: () => tries };
  }

  it('waits while the address is in use, and no longer than its timeout', async () => {
    const busy = socket(['EADDRINUSE', 'EADDRINUSE']);
    await bindWhenFree(busy, 'tcp://x');
    assert.equal(busy.tries(), 3);
    await assert.rejects(bindWhenFree(socket(['EADDRINUSE', 'EADDRINUSE']), 'tcp://x', -1), {
      code: 'EADDRINUSE',
    });
    await assert.rejects(bindWhenFree(socket(['EACCES']), 'tcp://x'), { code: 'EACCES' });
  });

  it('asks again where the error says nothing, and gives up in the end', async () => {
    await assert.rejects(bindWhenFree(socket(['EAGAIN', 'EAGAIN', 'EADDRINUSE']), 'tcp://x', -1), {
      code: 'EADDRINUSE',
    });
    const hopeless = socket(Array.from({ length: 1000 }, () => 'EAGAIN'));
    await assert.rejects(bindWhenFree(hopeless, 'tcp://x'), { code: 'EAGAIN' });
    assert.equal(hopeless.tries(), 100);
  });
});
