import assert from 'node:assert/strict';
import { BoxSockets } from '../../acquisition-broker/sockets/box-sockets.js';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { SendQueue } from '../../zmq/send-queue.js';

describe('acquisition broker: sockets of the boxes', () => {
  it('close, and reopen, while there is no capacity for replies', async () => {
    const log = silentLogger();
    let disconnected = 0;
    let asked = (): void => undefined;
    const sockets = new BoxSockets({
      publish: [{ field: 'box_pub', endpoint: 'tcp://127.0.0.1:*' }],
      pull: [{ field: 'box_pull', endpoint: 'tcp://127.0.0.1:*' }],
      frameBytes: 65_536,
      ioThreads: undefined,
      clock: systemClock,
      log,
      boxQueue: new SendQueue('box_pub', new Rejections(log)),
      subscription: () => undefined,
      reply: () => undefined,
      capacity: () => {
        asked();
        return new Promise(() => undefined);
      },
      disconnected: () => {
        disconnected += 1;
      },
    });
    for (const times of [1, 2]) {
      const waiting = new Promise<void>((resolve) => {
        asked = resolve;
      });
      await sockets.open();
      await waiting;
      await sockets.close();
      assert.equal(disconnected, times);
    }
  });
});
