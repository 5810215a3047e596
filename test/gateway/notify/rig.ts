/** A notifier in a folder of its own, an SMTP server, and a webhook receiver that can fail and hang. All on loopback, real ones. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { SMTPServer } from 'smtp-server';
import { systemClock } from '../../../common/clock.js';
import { type Notifier, startNotify } from '../../../gateway/notify/index.js';
import { openStore } from '../../../store/open.js';
import { until } from '../../support/until.js';

export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
  url: string;
}

/** @param answers for each request what becomes of it; after them: 200 */
export async function receiver(answers: ('ok' | 'hang' | 'slow' | number)[] = []) {
  const received: Received[] = [];
  const server = createServer((request, reply) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      received.push({ headers: request.headers, body, url: `${request.method} ${request.url}` });
      const answer = answers.shift() ?? 'ok';
      if (answer === 'hang') return;
      reply.statusCode = typeof answer === 'number' ? answer : 200;
      if (answer === 'slow') setTimeout(() => reply.end('said'), 500);
      else reply.end('said');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { received, stop, url: `http://127.0.0.1:${port}` };
}

/** @param refuse so many mails with "try later" @param tls it offers STARTTLS, with a certificate that nobody vouches for */
export async function mailbox({ refuse = 0, tls = false } = {}) {
  const mails: string[] = [];
  let refused = 0;
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: tls ? [] : ['STARTTLS'],
    onAuth: ({ password, username }, _, done) =>
      password === 'right' ? done(null, { user: username }) : done(new Error('wrong password')),
    onData: (stream, _, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (refused < refuse) {
          refused += 1;
          done(Object.assign(new Error('try later'), { responseCode: 451 }));
          return;
        }
        mails.push(Buffer.concat(chunks).toString('utf8'));
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const stop = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return { mails, port, stop };
}

export const eventually = (holds: () => boolean): Promise<void> =>
  until('what the test waits for', async () => holds());

export async function notifyRig(yaml: string, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'makai-notify-'));
  const file = join(folder, 'notify.yaml');
  const log = pino({ level: 'silent' });
  const retention = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
  const store = await openStore('sqlite::memory:', { retention, log });
  const write = (text: string): void => writeFileSync(file, text, { mode: 0o600 });
  write(yaml);
  const running: Notifier[] = [];
  const start = async (sendMs = 400): Promise<Notifier> => {
    const notifier = await startNotify({
      ...{ file, folder, store: () => store, clock: systemClock, log, env },
      ...{ firstPauseMs: 20, sendMs },
    });
    running.push(notifier);
    return notifier;
  };
  const cleanup = async (): Promise<void> => {
    for (const one of running.splice(0)) await one.stop().catch(() => undefined);
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { cleanup, file, folder, start, store, write };
}
