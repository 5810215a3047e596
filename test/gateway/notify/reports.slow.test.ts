/** A report on a schedule: it comes when it is due, with its file, once. */
import assert from 'node:assert/strict';
import { until } from '../../support/until.js';
import { notifyRig, receiver } from './rig.js';

describe('gateway: reports on a schedule', function () {
  this.timeout(300_000);

  it('each minute: one report, of a location, as JSON', async () => {
    const hook = await receiver();
    const channels = [{ type: 'webhook', url: hook.url }];
    const recipients = [{ name: 'ada', tags: ['reports'], channels }];
    const report = { name: 'often', cron: '* * * * *', zone: 'Europe/Berlin', tags: ['reports'] };
    const reports = [{ ...report, days: 2, format: 'json', location: 'lab' }];
    const rig = await notifyRig(JSON.stringify({ recipients, reports }));
    try {
      await rig.store.putBox({ box_id: '1', calibration_constant: 1, unplugged: false, location: 'lab' });
      const notifier = await rig.start();
      await until('the report is there', async () => hook.received.length > 0);
      const body = JSON.parse(hook.received[0]?.body ?? '{}') as {
        title: string;
        attachments: { name: string; content: string }[];
      };
      assert.match(body.title, /^Report often: 2 days until \d{4}-\d\d-\d\d$/);
      assert.equal(body.attachments[0]?.name, 'often.json');
      const file: unknown = JSON.parse(Buffer.from(body.attachments[0]?.content ?? '', 'base64').toString());
      assert.ok(typeof file === 'object' && file !== null);
      // It is counted when the reply to it is there.
      await until('it is counted', async () => notifier.status().sent > 0);
      assert.equal(notifier.status().sent, 1);
    } finally {
      await rig.cleanup();
      await hook.stop();
    }
  });
});
