import assert from 'node:assert/strict';
import { runOutage } from './outage/outage.js';

describe('MongoDB killed under load, and back (short; the long form is npm run test:mongo-outage)', () => {
  async function nothingLost(context: Mocha.Context, beforeSeconds: number): Promise<void> {
    context.timeout(400_000);
    const said: string[] = [];
    const report = await runOutage({
      boxes: 12,
      beforeSeconds,
      awaySeconds: 8,
      afterSeconds: 3,
      say: (line) => said.push(line),
    });
    if (report === undefined) return context.skip();
    assert.deepEqual(report.wrong, [], [...said, JSON.stringify(report.rows)].join('\n'));
  }

  it('everything the daemons accepted is in it once, and their memory stayed bounded', async function () {
    await nothingLost(this, 4);
  });

  it('the same where the daemons start without it and have never seen it', async function () {
    await nothingLost(this, 0);
  });
});
