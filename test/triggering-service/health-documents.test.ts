import assert from 'node:assert/strict';
import { silentLogger } from '../../common/log.js';
import type { HealthDocument } from '../../store/documents.js';
import { STORED, type Stored, type Write } from '../../store/writes.js';
import { findings, startHealthDocuments } from '../../triggering-service/health-documents.js';

const T = 1_795_315_500_000;

describe('triggering-service: health documents', () => {
  it('ours, and one of each box: up while it was heard within 20 s', () => {
    const boxes = [
      { boxId: 1001, heardMs: T - 19_999 },
      { boxId: 7, heardMs: T - 20_000 },
      { boxId: 8, heardMs: T + 50 },
    ];
    const timestamp = new Date(T);
    assert.deepEqual(findings(boxes, T), [
      { timestamp, service: 'MAKAI', serviceID: '', status: 'UP', info: '' },
      { timestamp, service: 'BOX', serviceID: '1001', status: 'UP', info: '' },
      { timestamp, service: 'BOX', serviceID: '7', status: 'DOWN', info: '' },
      { timestamp, service: 'BOX', serviceID: '8', status: 'UP', info: '' },
    ]);
  });

  it('are written again and again, past a store that does not take some, until the stop', async () => {
    const written: HealthDocument[] = [];
    let fails = 1;
    let enough = (): void => undefined;
    const twice = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const put = async (write: Write): Promise<Stored> => {
      if (fails > 0) {
        fails -= 1;
        throw new Error('not now');
      }
      if (write.kind === 'health') written.push(write.finding);
      if (written.filter(({ service }) => service === 'MAKAI').length >= 2) enough();
      return STORED;
    };
    const boxes = () => Array.from({ length: 20 }, (_, i) => ({ boxId: i + 1, heardMs: Date.now() }));
    const running = startHealthDocuments({ put }, boxes, silentLogger(), 1);
    await twice;
    await running.stop();
    const count = written.length;
    assert.ok(count >= 22);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(written.length, count);
  });
});
