/**
 * A receiver of webhooks and of mail, as a process that is killed: node sink.js HTTP_PORT SMTP_PORT FILE. Each message is a line of the file (`webhook 17`, `mail 17`: the
 * number in its title), which is on disk before the sender gets its reply.
 */
import { fsyncSync, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { SMTPServer } from 'smtp-server';

const [httpPort = '', smtpPort = '', path = ''] = process.argv.slice(2);
const file = openSync(path, 'a');

function note(channel: string, text: string): void {
  const number = /number (\d+)\b/.exec(text)?.[1] ?? '?';
  writeSync(file, `${channel} ${number}\n`);
  fsyncSync(file);
}

const http = createServer((request, response) => {
  let body = '';
  request.on('data', (piece: Buffer) => {
    body += piece.toString();
  });
  request.on('end', () => {
    note('webhook', body);
    response.end();
  });
});
const smtp = new SMTPServer({
  authOptional: true,
  // There may be no name server.
  disableReverseLookup: true,
  disabledCommands: ['STARTTLS'],
  onData: (stream, _, done) => {
    let mail = '';
    stream.on('data', (piece: Buffer) => {
      mail += piece.toString();
    });
    stream.on('end', () => {
      note('mail', mail);
      done();
    });
  },
});
// A sender that was killed.
smtp.on('error', () => undefined);
http.listen(Number(httpPort), '127.0.0.1', () =>
  smtp.listen(Number(smtpPort), '127.0.0.1', () => process.stdout.write('ready\n')),
);
