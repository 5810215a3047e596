import assert from 'node:assert/strict';
import { XPublisher } from 'zeromq';
import { silentLogger } from '../../common/log.js';
import { Scout } from '../../triggering-service/workers/scout.js';
import { until } from './rig.js';

const SUBSCRIBE = 1;

describe('triggering-service/workers: scout', function () {
  this.timeout(10_000);

  it('tells each time what it heard, once and no more than it may: a worker may have forgotten what it was told before', async () => {
    const publisher = new XPublisher({ linger: 0 });
    await publisher.bind('tcp://127.0.0.1:*');
    const send = async (): Promise<void> => {
      for await (const [message] of publisher) {
        if (message?.[0] !== SUBSCRIBE) continue;
        for (const topic of ['7', '0007', '7', '12345678901', '8', '9']) await publisher.send([topic, 'x']);
      }
    };
    const sending = send();
    const told: string[][] = [];
    const scout = new Scout({
      endpoint: publisher.lastEndpoint ?? '',
      curve: undefined,
      log: silentLogger(),
      limit: 3,
      heard: (topics) => void told.push(topics),
      everyMs: 20,
    });
    await until(() => told.length === 2);
    await scout.stop();
    publisher.close();
    await sending;
    assert.deepEqual(told.slice(0, 2), [
      ['7', '0007', '8'],
      ['7', '0007', '8'],
    ]);
  });
});
