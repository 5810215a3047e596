/** The sag of the demo in `makai up`: an MQTT incident, the shipped alert, and a mail in two mailboxes (smtp-server, and aiosmtpd of PyPI) with the sentence, the link and the picture. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-port.js';
import { pythonWith } from '../support/python.js';
import { until } from '../support/until.js';
import { upForWeb, type WebUp } from '../web-service/up.js';
import { type Heard, subscriber } from './mosquitto.js';
import { mailbox } from './notify/rig.js';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

describe('gateway: the sag of the demo reaches mailboxes', function () {
  this.timeout(600_000);
  let folder: string;
  let up: WebUp | undefined;
  let python: ChildProcess | undefined;
  let box: Awaited<ReturnType<typeof mailbox>>;
  const ends: (() => Promise<unknown>)[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-sink-'));
    box = await mailbox();
    ends.push(box.stop);
    const program = await pythonWith('aiosmtpd==1.4.6');
    const port = await freePort();
    const maildir = join(folder, 'maildir');
    if (program !== undefined) {
      const where = ['-l', `127.0.0.1:${port}`, '-c', 'aiosmtpd.handlers.Mailbox', maildir];
      python = spawn(program, ['-m', 'aiosmtpd', '-n', ...where], { stdio: 'ignore' });
    }
    await mkdir(join(folder, 'demo'));
    const mail = (at: number, to: string) => ({
      ...{ type: 'mail', server: `smtp://127.0.0.1:${at}`, from: 'makai@example.org', to },
      require_tls: false,
    });
    const channels = [mail(box.port, 'ada@example.org'), ...(python ? [mail(port, 'bob@example.org')] : [])];
    const recipients = [{ name: 'ada', tags: ['power-quality'], per_hour: 1000, channels }];
    await writeFile(join(folder, 'demo', 'notify.yaml'), JSON.stringify({ recipients }), { mode: 0o600 });
    up = await upForWeb(folder, ['--boxes', '3']);
  });
  after(async () => {
    for (const end of ends.reverse()) await end();
    await up?.stop();
    if (python !== undefined) {
      const gone = once(python, 'exit');
      python.kill();
      await gone;
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const inMaildir = async (): Promise<string[]> => {
    const folderOf = join(folder, 'maildir', 'new');
    const names = await readdir(folderOf).catch(() => []);
    return Promise.all(names.map((name) => readFile(join(folderOf, name), 'utf8')));
  };

  it('with the sentence of the group, a link to the page of the event, and a picture of the waveform', async () => {
    const file = await readFile(join(folder, 'demo', 'gateway.json'), 'utf8');
    const { mqtt } = JSON.parse(file) as { mqtt: { listen: string } };
    const { client, heard } = await subscriber(`mqtt://${mqtt.listen}`, {}, 'makai/#');
    ends.push(() => client.endAsync(true));
    const under = (prefix: string): Heard[] => heard.filter(({ topic }) => topic.startsWith(prefix));
    await until(
      'the sag is an MQTT incident',
      async () => under('makai/incidents/VOLTAGE_SAG/').length > 0,
      300_000,
    );
    await until('the mail is there', async () => box.mails.length > 0, 300_000);
    if (python !== undefined)
      await until('and in the other mailbox', async () => (await inMaildir()).length > 0, 120_000);
    const sentences = (): string[] =>
      under('makai/incident-groups/').map(({ payload }) => String(payload.sentence));
    for (const raw of [box.mails[0] ?? '', ...(await inMaildir()).slice(0, 1)]) {
      const { html, picture, subject } = mailOf(raw);
      assert.match(subject, /sag/i);
      // Mail and MQTT do not wait for each other.
      await until(`"${subject}" is published too`, async () => sentences().includes(subject));
      assert.ok(html.includes(`>${subject}</h2>`), html);
      const link = /href="([^"]+)"/.exec(html)?.[1] ?? '';
      assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/events\/\d+$/);
      const page = await fetch(link);
      assert.deepEqual([page.status, page.headers.get('content-type')?.split(';')[0]], [200, 'text/html']);
      assert.deepEqual(picture.subarray(0, 4), PNG);
      assert.ok(picture.length > 300, `${picture.length} bytes`);
      assert.match(raw, /cid:waveform@makai/);
    }
  });
});

/** What a reader shows of a mail. */
function mailOf(raw: string): { subject: string; html: string; picture: Buffer } {
  const text = raw.replaceAll('\r\n', '\n');
  const subject = (/^Subject: (.*(?:\n[ \t].*)*)/m.exec(text)?.[1] ?? '').replaceAll(/\n[ \t]/g, ' ');
  const parts = text.split(/^--.*$/m);
  const part = (type: string): { head: string; body: string } => {
    const found = parts.find((one) => one.trimStart().startsWith(`Content-Type: ${type}`)) ?? '';
    const end = found.trimStart().indexOf('\n\n');
    return { head: found.trimStart().slice(0, end), body: found.trimStart().slice(end + 2) };
  };
  const { body, head } = part('text/html');
  const html = /quoted-printable/i.test(head)
    ? body
        .replaceAll('=\n', '')
        .replaceAll(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : /base64/i.test(head)
      ? Buffer.from(body, 'base64').toString()
      : body;
  return { subject, html, picture: Buffer.from(part('image/png').body, 'base64') };
}
