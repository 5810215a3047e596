/** Mail by SMTP, with TLS; the Message-ID is the same at each try, so that a mailbox can show a repeated one once. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import type { ChannelOf } from '../file.js';
import { htmlOf, type Message, textOf } from '../message.js';

const PICTURE = 'waveform@makai';

/** @throws Error with what the server said */
export async function sendMail(
  channel: ChannelOf<'mail'>,
  message: Message,
  timeoutMs: number,
): Promise<void> {
  const server = new URL(channel.server);
  const isSecure = server.protocol === 'smtps:';
  const isIn = server.username !== '';
  const transport = createTransport({
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port === '' ? (isSecure ? 465 : 587) : Number(server.port),
    secure: isSecure,
    requireTLS: channel.require_tls && !isSecure,
    ...(isIn
      ? { auth: { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) } }
      : {}),
    ...(channel.ca === undefined ? {} : { tls: { ca: readFileSync(channel.ca) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // What is attached is bytes: no file and no address is read for it.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const { picture } = message;
  try {
    await transport.sendMail({
      from: channel.from,
      to: channel.to,
      subject: message.title,
      messageId: `<${createHash('sha256').update(message.key).digest('hex').slice(0, 40)}@makai>`,
      text: textOf(message),
      html: htmlOf(message, picture === undefined ? undefined : `cid:${PICTURE}`),
      headers: message.severity === 'critical' ? { Importance: 'high' } : {},
      attachments: [
        ...(picture === undefined
          ? []
          : [{ filename: 'waveform.png', content: picture, contentType: 'image/png', cid: PICTURE }]),
        ...message.attachments.map(({ content, content_type, name }) => ({
          filename: name,
          content: Buffer.from(content, 'base64'),
          contentType: content_type,
        })),
      ],
    });
  } finally {
    transport.close();
  }
}
