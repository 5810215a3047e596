import assert from 'node:assert/strict';
import type { Report } from '../../cli/doctor/report.js';
import { kafka } from '../../cli/doctor/reported-kafka.js';

const WELL = {
  up: true,
  dropped: { queue_full: 0, refused: 0 },
  queue: { records: 5, bytes: 500, max_bytes: 1_000_000 },
};
const texts = (of: object | undefined): string[] => {
  const report: Report = {
    kind: 'triggering-service',
    details: of === undefined ? {} : { kafka: of },
    uptimeSeconds: 100,
    metrics: undefined,
  };
  return kafka(report).map((found) => JSON.stringify(found));
};

describe('cli/doctor: Kafka', () => {
  it('has nothing to say without it, or where all is well', () => {
    assert.deepEqual(texts(undefined), []);
    assert.deepEqual(texts(WELL), []);
  });

  it('says why Kafka takes nothing, what waits and what was lost', () => {
    assert.match(texts({ ...WELL, up: false, last_error: 'refused' })[0] ?? '', /refused; 5 wait/);
    assert.match(texts({ ...WELL, queue: { ...WELL.queue, bytes: 900_000 } })[0] ?? '', /nearly/);
    assert.match(texts({ ...WELL, dropped: { queue_full: 7, refused: 0 } })[0] ?? '', /7 \(queue_full\)/);
  });
});
