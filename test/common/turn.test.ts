import assert from 'node:assert/strict';
import { Turns } from '../../common/turn.js';

describe('common: turns by key', () => {
  it('work under one key waits for the work before it, also where that failed; another key does not', async () => {
    const turns = new Turns();
    const done: string[] = [];
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const work =
      (name: string, first: Promise<void> = Promise.resolve()) =>
      async () => {
        await first;
        done.push(name);
        if (name === 'a1') throw new Error('a1 failed');
        return name;
      };
    const first = assert.rejects(turns.run('a', work('a1', gate)), /a1 failed/);
    const second = turns.run('a', work('a2'));
    assert.equal(await turns.run('b', work('b1')), 'b1');
    assert.deepEqual(done, ['b1']);
    open();
    await first;
    assert.equal(await second, 'a2');
    assert.deepEqual(done, ['b1', 'a1', 'a2']);
    assert.equal(await turns.run('a', work('a3')), 'a3');
  });
});
