/** Channels that are one HTTP request. Each has the Idempotency-Key of the message. */
import { createHash, createHmac } from 'node:crypto';
import type { ChannelOf } from '../file.js';
import { type Message, textOf } from '../message.js';

interface Post {
  url: string;
  body: string;
  method?: 'POST' | 'PUT';
  headers?: Readonly<Record<string, string>>;
}

const MAX_REPLY = 300;

/** As short as an idempotency key may be everywhere. */
const keyOf = ({ key }: Message): string => createHash('sha256').update(key).digest('hex').slice(0, 40);

/** @throws Error unless the reply is a success; redirects are not followed: a secret would go along */
async function post(
  { body, headers = {}, method = 'POST', url }: Post,
  message: Message,
  ms: number,
): Promise<void> {
  const reply = await fetch(url, {
    ...{ method, body, redirect: 'manual', signal: AbortSignal.timeout(ms) },
    headers: { 'content-type': 'application/json', 'idempotency-key': keyOf(message), ...headers },
  });
  if (reply.ok) {
    await reply.body?.cancel();
    return;
  }
  const text = (await reply.text()).slice(0, MAX_REPLY);
  throw new Error(`HTTP ${reply.status} ${text}`.trim());
}

const short = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

/** JSON of the message; the signature is HMAC-SHA256 over the time, a dot and the body, as `t=<Unix s>,v1=<hex>`. */
export function sendWebhook(channel: ChannelOf<'webhook'>, message: Message, ms: number): Promise<void> {
  const body = JSON.stringify({
    id: keyOf(message),
    ...{ title: message.title, body: message.body, body_format: message.bodyFormat },
    ...{ notify_type: message.notifyType, severity: message.severity, link: message.link },
    ...(message.picture === undefined ? {} : { picture_png: message.picture.toString('base64') }),
    ...(message.attachments.length === 0 ? {} : { attachments: message.attachments }),
  });
  const headers: Record<string, string> = { ...channel.headers };
  if (channel.secret !== undefined) {
    const seconds = Math.floor(Date.now() / 1000);
    const mac = createHmac('sha256', channel.secret).update(`${seconds}.${body}`).digest('hex');
    headers['x-makai-signature'] = `t=${seconds},v1=${mac}`;
  }
  return post({ url: channel.url, body, headers }, message, ms);
}

/** An incoming webhook. */
export function sendSlack(channel: ChannelOf<'slack'>, message: Message, ms: number): Promise<void> {
  const escaped = textOf(message).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return post({ url: channel.url, body: JSON.stringify({ text: short(escaped, 30_000) }) }, message, ms);
}

/** A workflow that takes an adaptive card. */
export function sendTeams(channel: ChannelOf<'teams'>, message: Message, ms: number): Promise<void> {
  const text = (part: string, more: object = {}) => ({ type: 'TextBlock', text: part, wrap: true, ...more });
  const { body, link, title } = message;
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    ...{ type: 'AdaptiveCard', version: '1.4' },
    body: [
      text(short(title, 500), { weight: 'Bolder' }),
      ...(body === '' ? [] : [text(short(body, 20_000))]),
    ],
    ...(link === undefined
      ? {}
      : { actions: [{ type: 'Action.OpenUrl', title: 'Open in Makai', url: link }] }),
  };
  const card = { contentType: 'application/vnd.microsoft.card.adaptive', content };
  return post(
    { url: channel.url, body: JSON.stringify({ type: 'message', attachments: [card] }) },
    message,
    ms,
  );
}

/** Client-server API: the transaction id makes a repeated one one. */
export function sendMatrix(channel: ChannelOf<'matrix'>, message: Message, ms: number): Promise<void> {
  const room = encodeURIComponent(channel.room);
  const url = new URL(
    `/_matrix/client/v3/rooms/${room}/send/m.room.message/${keyOf(message)}`,
    channel.server,
  );
  const body = JSON.stringify({ msgtype: 'm.text', body: short(textOf(message), 30_000) });
  const headers = { authorization: `Bearer ${channel.token}` };
  return post({ url: url.href, method: 'PUT', body, headers }, message, ms);
}

/** Publishing as JSON, to the address of the server itself. */
export function sendNtfy(channel: ChannelOf<'ntfy'>, message: Message, ms: number): Promise<void> {
  const priority = message.severity === 'critical' ? 5 : message.severity === 'warning' ? 4 : 3;
  const { body: text, link, title } = message;
  const body = JSON.stringify({
    ...{
      topic: channel.topic,
      title: short(title, 250),
      message: short(text === '' ? title : text, 3500),
      priority,
    },
    ...(link === undefined ? {} : { click: link }),
  });
  const headers: Record<string, string> =
    channel.token === undefined ? {} : { authorization: `Bearer ${channel.token}` };
  return post({ url: channel.server, body, headers }, message, ms);
}

export function sendTelegram(channel: ChannelOf<'telegram'>, message: Message, ms: number): Promise<void> {
  const url = new URL(`/bot${channel.token}/sendMessage`, channel.server).href;
  const body = JSON.stringify({ chat_id: channel.chat, text: short(textOf(message), 4096) });
  return post({ url, body }, message, ms);
}
