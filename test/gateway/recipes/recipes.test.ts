/** The recipes of docs/alerts.md: each is read as it stands there, and run. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import type { Notification } from '../../../gateway/notify/notification.js';
import { parseNotifyFile } from '../../../gateway/notify/read.js';
import { sendReport } from '../../../gateway/notify/reports.js';
import { rig as ruleRig } from '../../rules/rig.js';
import { eventually, mailbox, notifyRig, receiver } from '../notify/rig.js';

const DOC = readFileSync(join(PACKAGE_ROOT, 'docs/alerts.md'), 'utf8');
const NAMES = ['mail', 'webhook', 'report', 'low', 'two-sites'];

function recipe(name: string): string {
  const [, text] = new RegExp(`<!-- recipe: ${name} -->\n\`\`\`\\w+\n([\\s\\S]*?)\n\`\`\``).exec(DOC) ?? [];
  assert.ok(text !== undefined, `docs/alerts.md has no recipe ${name}`);
  return text;
}

describe('gateway: the recipes of docs/alerts.md', () => {
  it('are five, and the examples of the language are right', () => {
    const found = [...DOC.matchAll(/<!-- recipe: (\S+) -->/g)].map(([, name]) => name);
    assert.deepEqual(found, NAMES);
    const [, language = ''] = /```json\n([\s\S]*?)\n```/.exec(DOC) ?? [];
    ruleRig(JSON.parse(language));
  });

  it('1: a mail for every sag', async () => {
    const box = await mailbox();
    const text = recipe('mail').replace(
      'smtps://makai:$'.concat('{MAIL_PASSWORD}@mail.example.org'),
      `smtp://127.0.0.1:${box.port}`,
    );
    const noQuiet = text
      .replace(/ +quiet_hours.*\n/, '')
      .replace('type: mail', 'type: mail\n        require_tls: false');
    const rig = await notifyRig(noQuiet);
    try {
      const notifier = await rig.start();
      await notifier.notify({ id: 'x', title: 'Voltage sag to 0.72 pu', tag: 'power-quality' });
      await eventually(() => notifier.status().sent === 1);
      assert.match(box.mails[0] ?? '', /To: ada@example\.org/);
    } finally {
      await rig.cleanup();
      await box.stop();
    }
    const [ada] = parseNotifyFile(recipe('mail'), 'recipe', { MAIL_PASSWORD: 'x' }).recipients;
    assert.equal(ada?.quiet_hours?.zone, 'Europe/Berlin');
  });

  it('2: only what is critical, by webhook', async () => {
    const hook = await receiver();
    const rig = await notifyRig(recipe('webhook').replace('https://pager.example.org', hook.url), {
      HOOK_SECRET: 's',
    });
    try {
      const notifier = await rig.start();
      await notifier.notify({ id: 'a', title: 'a', severity: 'warning' });
      await notifier.notify({ id: 'b', title: 'b', severity: 'critical' });
      await eventually(() => notifier.status().sent === 1);
      assert.equal(notifier.status().waiting, 0);
      assert.match(hook.received[0]?.body ?? '', /"title":"b"/);
      assert.match(String(hook.received[0]?.headers['x-makai-signature']), /^t=/);
    } finally {
      await rig.cleanup();
      await hook.stop();
    }
  });

  it('3: a report, as an attachment', async () => {
    const [entry] = parseNotifyFile(recipe('report'), 'recipe', { MAIL_PASSWORD: 'x' }).reports;
    assert.ok(entry !== undefined);
    const rig = await notifyRig('{}');
    const sent: Notification[] = [];
    try {
      await rig.store.putBox({ box_id: '1', name: 'lab', calibration_constant: 146, unplugged: false });
      await sendReport(entry, 1_795_315_200_000, {
        ...{ store: () => rig.store, log: pino({ level: 'silent' }) },
        notify: async (notification) => void sent.push(notification),
      });
      const [report] = sent;
      assert.equal(report?.attachments?.[0]?.name, 'weekly.html');
      const page = Buffer.from(report?.attachments?.[0]?.content ?? '', 'base64').toString('utf8');
      assert.match(page, /<html/);
    } finally {
      await rig.cleanup();
    }
  });

  it('4: low for a minute', () => {
    const { alerts, clock, engine } = ruleRig(JSON.parse(recipe('low')));
    const take = (voltage: number): void =>
      engine.take('makai/boxes/1001/measurement', JSON.stringify({ box_id: '1001', voltage }));
    take(105);
    clock.advance(59_000);
    assert.equal(alerts.length, 0);
    clock.advance(1000);
    take(109);
    assert.deepEqual(
      alerts.map(({ state }) => state),
      ['firing'],
    );
    take(111);
    assert.equal(alerts[1]?.state, 'resolved');
    engine.stop();
  });

  it('5: sags at two sites', () => {
    const { engine, published } = ruleRig(JSON.parse(recipe('two-sites')));
    engine.take('makai/incidents/VOLTAGE_SAG/1001', '{"location":"north"}');
    assert.equal(published.length, 0);
    engine.take('makai/incidents/VOLTAGE_SAG/2001', '{"location":"south"}');
    assert.equal(published[0]?.topic, '!sag/both-sites');
  });
});
