import assert from 'node:assert/strict';
import { XPublisher } from 'zeromq';
import { silentLogger } from '../../common/log.js';
import { StreamProbe } from '../../triggering-service/workers/stream-probe.js';
import { until } from './rig.js';

const SUBSCRIBE = 1;

describe('triggering-service/workers: stream probe', function () {
  this.timeout(60_000);

  it('reports after each probe every topic once, up to its limit, also those of before', async () => {
    const publisher = new XPublisher({ linger: 0 });
    await publisher.bind('tcp://127.0.0.1:*');
    const send = async (): Promise<void> => {
      for await (const [message] of publisher) {
        if (message?.[0] !== SUBSCRIBE) continue;
        for (const topic of ['7', '0007', '7', '12345678901', '8', '9']) await publisher.send([topic, 'x']);
      }
    };
    const sending = send();
    const reports: string[][] = [];
    const probe = new StreamProbe({
      endpoint: publisher.lastEndpoint ?? '',
      curve: undefined,
      log: silentLogger(),
      limit: 3,
      found: (topics) => void reports.push(topics),
      everyMs: 20,
    });
    await until(() => reports.length === 2);
    await probe.stop();
    publisher.close();
    await sending;
    assert.deepEqual(reports.slice(0, 2), [
      ['7', '0007', '8'],
      ['7', '0007', '8'],
    ]);
  });
});
