/** `makai notify test` through a webhook, a mail server and the real Apprise; `makai alerts` on a store. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../store/open.js';
import { mailbox, receiver } from '../gateway/notify/rig.js';
import { pythonWith } from '../support/python.js';
import { makai } from './run-process.js';

describe('cli: notify and alerts', function () {
  this.timeout(300_000);
  let folder: string;
  const ends: (() => Promise<unknown>)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-notify-cli-'));
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
    rmSync(folder, { recursive: true });
  });

  async function notifyTest(name: string, channels: object[], env: Record<string, string> = {}) {
    const file = join(folder, 'notify.yaml');
    writeFileSync(file, JSON.stringify({ recipients: [{ name: 'ada', channels }] }), { mode: 0o600 });
    return makai(['notify', 'test', name, '--file', file], env);
  }

  it('notify test: every channel of the recipient gets a message now', async () => {
    const hook = await receiver();
    const box = await mailbox();
    ends.push(hook.stop, box.stop);
    const mail = { type: 'mail', from: 'makai@example.org', to: 'ada@example.org', require_tls: false };
    const channels = [
      { type: 'webhook', url: '$'.concat('{HOOK}/x') },
      { ...mail, server: `smtp://127.0.0.1:${box.port}` },
    ];
    const { code, stderr, stdout } = await notifyTest('ada', channels, { HOOK: hook.url });
    assert.deepEqual([code, stdout], [0, 'webhook: accepted\nmail: accepted\n'], stderr);
    assert.match(hook.received[0]?.body ?? '', /test message for ada/);
    assert.match(box.mails[0] ?? '', /Subject: Test of Makai/);
  });

  it('notify test: a channel that fails, a recipient that is not there, a variable that is not set', async () => {
    const hook = await receiver([500]);
    ends.push(hook.stop);
    const channels = [{ type: 'webhook', url: `${hook.url}/secret-place` }];
    const failed = await notifyTest('ada', channels);
    assert.notEqual(failed.code, 0);
    assert.match(failed.stderr, /webhook: HTTP 500/);
    assert.ok(!failed.stderr.includes('secret-place'));
    assert.match((await notifyTest('bob', channels)).stderr, /there is no recipient bob[\s\S]*It has: ada/);
    const unset = await notifyTest('ada', [{ type: 'webhook', url: '$'.concat('{NOT_SET}') }]);
    assert.match(
      unset.stderr,
      /recipients\[0\]\.channels\[0\]\.url: the environment variable NOT_SET is not set/,
    );
  });

  it('notify test: everything else through Apprise', async function () {
    const python = await pythonWith('apprise==1.9.4');
    if (python === undefined) this.skip();
    const hook = await receiver();
    ends.push(hook.stop);
    const urls = [`json://${hook.url.slice('http://'.length)}/apprise`];
    // The environment was moved after it was made, so that its own scripts do not start.
    const command = join(folder, 'apprise');
    const start = `exec ${python} -c 'from apprise.cli import main; main()' "$@"`;
    writeFileSync(command, `#!/bin/sh\n${start}\n`, { mode: 0o755 });
    const { code, stderr, stdout } = await notifyTest('ada', [{ type: 'apprise', urls, command }]);
    assert.deepEqual([code, stdout], [0, 'apprise: accepted\n'], stderr);
    const body = JSON.parse(hook.received[0]?.body ?? '{}') as { title?: string; message?: string };
    assert.equal(body.title, 'Test of Makai');
    assert.match(body.message ?? '', /test message for ada/);
  });

  it('alerts: listed, acknowledged and silenced', async () => {
    const url = `sqlite:${join(folder, 'makai.db')}`;
    const store = await openStore(url, { retention: { mode: 'ttl', measurementsSeconds: 86_400 } });
    await store.putAlert({
      ...{ alert_id: 'outage-17', key: 'outage/1001', rule: 'outage', severity: 'critical', state: 'firing' },
      ...{ title: 'Box 1001 is silent', body: '', box_ids: ['1001'], members: ['incident 17'] },
      ...{
        open_members: ['incident 17'],
        notify: ['outage'],
        started_ms: 1_795_315_200_000,
        page: '/boxes/1001',
      },
    });
    await store.close();
    const alerts = (...args: string[]) => makai(['alerts', ...args, '--store', url]);
    const listed = await alerts('list', '--open');
    assert.equal(listed.code, 0, listed.stderr);
    assert.match(listed.stdout, /outage-17[\s\S]*Box 1001 is silent/);
    assert.equal((await alerts('ack', 'outage-17')).code, 0);
    const state = async (): Promise<unknown> =>
      (JSON.parse((await alerts('list', '--json')).stdout) as { state: unknown }).state;
    assert.equal(await state(), 'acknowledged');
    assert.equal((await alerts('silence', 'outage-17', '--hours', '1')).code, 0);
    assert.equal(await state(), 'silenced');
    assert.notEqual((await alerts('ack', 'none')).code, 0);
  });
});
