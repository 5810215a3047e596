import assert from 'node:assert/strict';
import { runOutage } from './outage/outage.js';

describe('MongoDB killed under load, and back (short; the long form is npm run test:mongo-outage)', () => {
  it('everything the daemons accepted is in it once, and their memory stayed bounded', async function () {
    this.timeout(300_000);
    const told: string[] = [];
    const report = await runOutage({
      boxes: 12,
      beforeSeconds: 4,
      awaySeconds: 8,
      afterSeconds: 3,
      say: (line) => told.push(line),
    });
    if (report === undefined) return this.skip();
    assert.deepEqual(report.wrong, [], [...told, JSON.stringify(report.rows)].join('\n'));
  });
});
