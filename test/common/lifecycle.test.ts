import assert from 'node:assert/strict';
import { startAll } from '../../common/lifecycle.js';

describe('common/lifecycle', () => {
  const part = (name: string, seen: string[], fail: 'start' | 'stop' | undefined = undefined) => ({
    name,
    start: () => {
      seen.push(`start ${name}`);
      if (fail === 'start') return Promise.reject(new Error(`${name} cannot start`));
      return Promise.resolve({
        stop: () => {
          seen.push(`stop ${name}`);
          return fail === 'stop' ? Promise.reject(new Error('stuck')) : Promise.resolve();
        },
      });
    },
  });

  it('starts in order and stops in reverse, once', async () => {
    const seen: string[] = [];
    const running = await startAll([part('a', seen), part('b', seen)]);
    await Promise.all([running.stop(), running.stop()]);
    assert.deepEqual(seen, ['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stops what already runs when a start fails, and throws that failure', async () => {
    const seen: string[] = [];
    await assert.rejects(
      startAll([part('a', seen), part('b', seen, 'start'), part('c', seen)]),
      /b cannot start/,
    );
    assert.deepEqual(seen, ['start a', 'start b', 'stop a']);
  });

  it('goes on stopping past a failure and names the part', async () => {
    const seen: string[] = [];
    const running = await startAll([part('a', seen), part('b', seen, 'stop')]);
    await assert.rejects(running.stop(), /b did not stop cleanly/);
    assert.deepEqual(seen.slice(2), ['stop b', 'stop a']);
  });
});
