import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { MakaiError } from '../../../common/errors.js';
import { messageOf, send } from '../../../gateway/notify/index.js';
import { DeliveryQueue } from '../../../gateway/notify/queue.js';
import { DatabaseHandle } from '../../../store/sqlite/handle.js';
import { incidentOf, START_MS } from '../alerts/rig.js';
import { eventually, mailbox, notifyRig, type Received, receiver } from './rig.js';

const yamlOf = (channel: object, more: object = {}): string =>
  JSON.stringify({ recipients: [{ name: 'ada', tags: ['ops'], channels: [channel], ...more }] });

const bodyOf = (received: Received | undefined): Record<string, unknown> =>
  JSON.parse(received?.body ?? '{}') as Record<string, unknown>;

describe('gateway: notifications are delivered', () => {
  const cleanups: (() => Promise<void>)[] = [];
  const later = <T extends { stop(): Promise<void> }>(one: T): T => {
    cleanups.push(() => one.stop());
    return one;
  };
  const rigged = async (yaml: string, env?: Record<string, string>) => {
    const rig = await notifyRig(yaml, env);
    cleanups.push(rig.cleanup);
    return rig;
  };
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it('a webhook that fails, hangs and says 500 gets it in the end, signed, with the same key each time', async () => {
    const hook = later(await receiver([500, 'hang', 503]));
    const rig = await rigged(
      yamlOf({ type: 'webhook', url: `${hook.url}/hook`, secret: '$'.concat('{HOOK}') }),
      {
        HOOK: 's3',
      },
    );
    const notifier = await rig.start();
    await notifier.notify({
      id: 'x:firing',
      title: 'Sag',
      body: 'deep',
      tag: 'ops',
      link: 'http://m/#/events/1',
    });
    await eventually(() => notifier.status().sent === 1);
    assert.equal(hook.received.length, 4);
    const keys = new Set(hook.received.map(({ headers }) => headers['idempotency-key']));
    assert.equal(keys.size, 1);
    const [, , , last] = hook.received;
    const body = bodyOf(last);
    assert.equal(body.title, 'Sag');
    assert.equal(body.link, 'http://m/#/events/1');
    const [, seconds, mac] = /^t=(\d+),v1=(\w+)$/.exec(String(last?.headers['x-makai-signature'])) ?? [];
    assert.equal(mac, createHmac('sha256', 's3').update(`${seconds}.${last?.body}`).digest('hex'));
  });

  it('what is read from the file together is bounded; a batch stays whole', async () => {
    const rig = await rigged('{}');
    const queue = new DeliveryQueue(join(rig.folder, 'deliveries.db'));
    const to = [{ recipient: 'ada', channel: 0, next_ms: 0, held: false }];
    const content = 'A'.repeat(4 * 2 ** 20);
    const attachments = [{ name: 'a', content }];
    for (let i = 0; i < 10; i += 1) queue.add({ id: `long ${i}`, title: 'x', attachments }, to, i);
    assert.equal(queue.due(100).length, 3);
    const one = [{ recipient: 'bob', channel: 0, next_ms: 0, held: true }];
    for (let i = 0; i < 600; i += 1) queue.add({ id: `short ${i}`, title: 'x' }, one, i);
    const batch = queue.join(queue.due(1000, ['ada/0'], 600));
    assert.equal(queue.due(1000, ['ada/0']).length, 500);
    assert.equal(queue.ofBatch(batch).length, 600);
    queue.failed(queue.ofBatch(batch), 'refused', 2000, 1000);
    assert.deepEqual(queue.failing(), { failing: 600, last_error: 'refused' });
    queue.close();
  });

  it('the same notification is delivered once, also over a restart; another id is another one', async () => {
    const hook = later(await receiver());
    const rig = await rigged(yamlOf({ type: 'webhook', url: hook.url }));
    const first = await rig.start();
    await first.notify({ id: 'x:firing', title: 'Sag', tag: 'ops' });
    await eventually(() => first.status().sent === 1);
    await first.notify({ id: 'x:firing', title: 'Sag', tag: 'ops' });
    await first.stop();
    const second = await rig.start();
    await second.notify({ id: 'x:firing', title: 'Sag', tag: 'ops' });
    await second.notify({ id: 'x:resolved', title: 'Over: Sag', tag: 'ops' });
    await eventually(() => second.status().sent === 2);
    assert.deepEqual(
      hook.received.map((one) => bodyOf(one).title),
      ['Sag', 'Over: Sag'],
    );
  });

  it('what is being sent when it stops is recorded as sent', async () => {
    const hook = later(await receiver(['slow']));
    const rig = await rigged(yamlOf({ type: 'webhook', url: hook.url }));
    const first = await rig.start(60_000);
    await first.notify({ id: 'x', title: 'Sag', tag: 'ops' });
    await eventually(() => hook.received.length === 1);
    await first.stop();
    const second = await rig.start();
    assert.deepEqual([second.status().sent, second.status().waiting], [1, 0]);
  });

  it('takes over a file that was made before its schema had a version', async () => {
    const rig = await rigged('{}');
    const file = join(rig.folder, 'deliveries.db');
    new DeliveryQueue(file).close();
    const db = new DatabaseHandle(file);
    db.pragma('user_version = 0');
    db.close();
    const queue = new DeliveryQueue(file);
    assert.deepEqual(queue.counts(), { waiting: 0, sent: 0, failed: 0 });
    queue.close();
  });

  it('what waits when it stops is delivered after the next start', async () => {
    const hook = later(await receiver());
    const rig = await rigged(yamlOf({ type: 'webhook', url: 'http://127.0.0.1:9/' }));
    const first = await rig.start();
    await first.notify({ id: 'x', title: 'Sag', tag: 'ops' });
    await first.stop();
    rig.write(yamlOf({ type: 'webhook', url: hook.url }));
    const second = await rig.start();
    await eventually(() => second.status().sent === 1);
    assert.equal(bodyOf(hook.received[0]).title, 'Sag');
  });

  it('a mail has the sentence, the link, the picture of the waveform, and a Message-ID of its own', async () => {
    const box = later(await mailbox({ refuse: 1 }));
    const channel = {
      ...{
        type: 'mail',
        server: `smtp://ada:${'$'.concat('{PASSWORD}')}@127.0.0.1:${box.port}`,
        require_tls: false,
      },
      ...{ from: 'makai@example.org', to: 'ada@example.org' },
    };
    const rig = await rigged(yamlOf(channel), { PASSWORD: 'right' });
    const sag = incidentOf(1, { classifications: ['VOLTAGE_SAG'], end_timestamp_ms: START_MS + 180 });
    const { annotations, expire_at, gridfs_filename, ...incident } = sag;
    const samples = Int16Array.from(
      { length: 2400 },
      (_, index) => 9000 * Math.sin((2 * Math.PI * index) / 200),
    );
    await rig.store.apply({ kind: 'incident', incident: { ...incident, source: 'makai' }, samples });
    const stored = await rig.store.incident(1);
    const notifier = await rig.start();
    await notifier.notify({
      ...{ id: 'x:firing', title: 'Voltage sag to 0.72 pu <for> 0.18 s', tag: 'ops' },
      ...{ link: 'http://m/#/events/7', incident_id: stored?.incident_id ?? -1 },
    });
    await eventually(() => notifier.status().sent === 1);
    assert.equal(box.mails.length, 1);
    const mail = (box.mails[0] ?? '').replaceAll('=\r\n', '');
    assert.match(mail, /^Message-ID: <[0-9a-f]{40}@makai>/m);
    assert.match(mail, /^Subject: Voltage sag to 0\.72 pu/m);
    assert.match(mail, /http:\/\/m\/#\/events\/7/);
    assert.match(mail, /&#60;for&#62;/);
    assert.match(mail, /Content-Type: image\/png; name=waveform\.png/);
    assert.match(mail, /iVBORw0KGgo/);
  });

  it('a wrong password is tried again, and the reason is kept without it', async () => {
    const box = later(await mailbox());
    const server = `smtp://ada:wr0ng-pass@127.0.0.1:${box.port}`;
    const mail = {
      type: 'mail',
      server,
      require_tls: false,
      from: 'm@example.org',
      to: 'a@example.org',
    } as const;
    const message = messageOf('k', { title: 'Sag' });
    await assert.rejects(send({ ...mail }, message, 5000), (error) => {
      assert.ok(error instanceof MakaiError && error.code === 'NOTIFY_FAILED');
      assert.doesNotMatch(error.message, /wr0ng-pass/);
      return true;
    });
  });

  it('TLS: a server whose certificate nobody vouches for is refused', async () => {
    const box = later(await mailbox({ tls: true }));
    const server = `smtp://127.0.0.1:${box.port}`;
    const rig = await rigged(yamlOf({ type: 'mail', server, from: 'm@example.org', to: 'a@example.org' }));
    const notifier = await rig.start();
    await notifier.notify({ id: 'x', title: 'Sag', tag: 'ops' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(box.mails, []);
    assert.equal(notifier.status().waiting, 1);
  });

  it('a channel that hangs holds up no other', async () => {
    const slow = later(await receiver(Array.from({ length: 50 }, () => 'hang' as const)));
    const quick = later(await receiver());
    const channels = [slow, quick].map(({ url }) => ({ type: 'webhook', url }));
    const rig = await rigged(JSON.stringify({ recipients: [{ name: 'ada', channels }] }));
    const notifier = await rig.start();
    for (let index = 0; index < 5; index += 1) await notifier.notify({ id: `n${index}`, title: `n${index}` });
    await eventually(() => quick.received.length === 5);
    assert.ok(slow.received.length <= 5);
  });

  it('past so many an hour the rest waits for one message; critical ones do not', async () => {
    const hook = later(await receiver());
    const rig = await rigged(yamlOf({ type: 'webhook', url: hook.url }, { per_hour: 2 }));
    const notifier = await rig.start();
    for (let index = 0; index < 6; index += 1)
      await notifier.notify({ id: `n${index}`, title: `n${index}`, tag: 'ops' });
    await eventually(() => notifier.status().sent === 2);
    await notifier.notify({ id: 'c', title: 'critical', tag: 'ops', severity: 'critical' });
    await eventually(() => notifier.status().sent === 3);
    assert.equal(notifier.status().waiting, 4);
    assert.equal(bodyOf(hook.received.at(-1)).title, 'critical');
  });

  it('what was held goes out as one list, with the texts; a report goes out by itself, with its file', async () => {
    const hook = later(await receiver());
    const rig = await rigged(yamlOf({ type: 'webhook', url: hook.url }));
    const queue = new DeliveryQueue(join(rig.folder, 'deliveries.db'));
    const to = [{ recipient: 'ada', channel: 0, next_ms: 0, held: true }];
    const attachments = [{ name: 'report.html', content: 'PGh0bWw+', content_type: 'text/html' }];
    queue.add({ id: 'a', title: 'a sag', link: 'http://m/a' }, to, Date.now());
    queue.add({ id: 'b', title: 'the weekly report', attachments }, to, Date.now());
    queue.add({ id: 'c', title: 'from a program', body: 'the pump\nis off' }, to, Date.now());
    queue.close();
    const notifier = await rig.start();
    await eventually(() => notifier.status().sent === 3);
    const bodies = hook.received.map(bodyOf);
    assert.deepEqual(bodies.map(({ title }) => title).sort(), ['2 notifications', 'the weekly report']);
    const digest = bodies.find(({ title }) => title === '2 notifications');
    assert.equal(digest?.body, '- a sag http://m/a\n- from a program: the pump is off');
    assert.match(JSON.stringify(bodies.find(({ title }) => title === 'the weekly report')), /report\.html/);
  });

  it('every HTTP channel makes the request that its service expects', async () => {
    const hook = later(await receiver());
    const channels = [
      { type: 'slack', url: `${hook.url}/slack` },
      { type: 'teams', url: `${hook.url}/teams` },
      { type: 'matrix', server: hook.url, room: '!r:example.org', token: 'secret' },
      { type: 'ntfy', server: hook.url, topic: 'makai' },
      { type: 'telegram', server: hook.url, token: '1:ab', chat: '5' },
    ];
    const rig = await rigged(JSON.stringify({ recipients: [{ name: 'ada', channels }] }));
    const notifier = await rig.start();
    await notifier.notify({
      id: 'x',
      title: 'Sag <0.7>',
      body: 'deep',
      severity: 'critical',
      link: 'http://m/',
    });
    await eventually(() => notifier.status().sent === 5);
    const by = (part: string): Received | undefined => hook.received.find(({ url }) => url.includes(part));
    assert.match(String(bodyOf(by('/slack')).text), /Sag &lt;0\.7&gt;/);
    assert.equal(bodyOf(by('/teams')).type, 'message');
    assert.equal(by('/_matrix')?.headers.authorization, 'Bearer secret');
    assert.match(by('/_matrix')?.url ?? '', /^PUT .*!r%3Aexample\.org\/send\/m\.room\.message\/\w+$/);
    assert.equal(bodyOf(by('POST /bot1:ab/sendMessage')).chat_id, '5');
    const ntfy = hook.received.find(({ url }) => url === 'POST /');
    assert.equal(bodyOf(ntfy).priority, 5);
    assert.equal(bodyOf(ntfy).click, 'http://m/');
  });

  it('while a channel fails it is tried now and then, not with each message that waits', async () => {
    const hook = later(await receiver(Array.from({ length: 4 }, () => 503)));
    const rig = await rigged(yamlOf({ type: 'webhook', url: hook.url }, { per_hour: 1000 }));
    const notifier = await rig.start();
    for (let i = 0; i < 20; i += 1) await notifier.notify({ id: `n${i}`, title: `n${i}`, tag: 'ops' });
    await eventually(() => notifier.status().sent === 20);
    assert.equal(hook.received.length, 24);
  });

  it('in quiet hours only what is critical goes out; the rest waits', async () => {
    const hook = later(await receiver());
    const hour = new Date().getUTCHours();
    const time = (hours: number): string => `${String((hour + hours + 24) % 24).padStart(2, '0')}:00`;
    const quiet = { quiet_hours: { from: time(-2), to: time(3), zone: 'UTC' } };
    const rig = await rigged(yamlOf({ type: 'webhook', url: hook.url }, quiet));
    const notifier = await rig.start();
    await notifier.notify({ id: 'a', title: 'a', tag: 'ops', severity: 'warning' });
    await notifier.notify({ id: 'b', title: 'b', tag: 'ops', severity: 'critical' });
    await eventually(() => notifier.status().sent === 1);
    assert.match(hook.received[0]?.body ?? '', /"title":"b"/);
    assert.deepEqual([hook.received.length, notifier.status().waiting], [1, 1]);
  });

  it('a message without a recipient with its tag goes to nobody', async () => {
    const hook = later(await receiver());
    const rig = await rigged(yamlOf({ type: 'webhook', url: hook.url }));
    const notifier = await rig.start();
    await notifier.notify({ id: 'x', title: 'Sag', tag: 'others' });
    assert.deepEqual(notifier.status(), { recipients: 1, waiting: 0, sent: 0, failed: 0, failing: 0 });
  });
});
