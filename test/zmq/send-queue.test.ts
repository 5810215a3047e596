import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { SendQueue } from '../../zmq/send-queue.js';
import { until } from '../support/until.js';

const HOLD_MS = 200;

/** A queue, a socket for it, and what that has sent. */
function given() {
  const sent: string[] = [];
  const socket = {
    closed: false,
    send: async ([frame]: (string | Uint8Array)[]) => void sent.push(String(frame)),
  };
  return { queue: new SendQueue('test', new Rejections(silentLogger())), sent, socket };
}

describe('zmq: what is sent while a socket is new', () => {
  it('is held back, and longer where the process stood still; then it goes out in order', async () => {
    const { queue, sent, socket } = given();
    queue.attach(socket, HOLD_MS);
    queue.send(['1']);
    // As a machine that stands still: peers could not connect meanwhile.
    for (const endMs = performance.now() + 2 * HOLD_MS; performance.now() < endMs; );
    queue.send(['2']);
    for (let i = 0; i < 5; i += 1) await turn();
    assert.deepEqual(sent, []);
    await until('it is sent', async () => sent.length === 2);
    assert.deepEqual(sent, ['1', '2']);
    queue.send(['3']);
    await queue.release();
    assert.deepEqual(sent, ['1', '2', '3']);
  });

  it('goes out immediately when nothing is held back any more, and nowhere without a socket', async () => {
    const { queue, sent, socket } = given();
    queue.send(['lost']);
    queue.attach(socket, 600_000);
    queue.send(['1']);
    await queue.release();
    assert.deepEqual(sent, ['1']);
    queue.attach(undefined);
    queue.send(['lost too']);
    await queue.release();
    assert.deepEqual(sent, ['1']);
  });
});
