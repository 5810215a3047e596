/** One message through one channel. */
import { MakaiError, messageOf } from '../../../common/errors.js';
import type { Channel } from '../file.js';
import type { Message } from '../message.js';
import { sendApprise } from './apprise.js';
import { sendMatrix, sendNtfy, sendSlack, sendTeams, sendTelegram, sendWebhook } from './http.js';
import { sendMail } from './mail.js';

/** Starting `apprise` alone takes seconds. */
export const SEND_MS = 30_000;

/** @throws MakaiError NOTIFY_FAILED: with what the other side said, without secrets */
export async function send(channel: Channel, message: Message, timeoutMs = SEND_MS): Promise<void> {
  try {
    await sendBy(channel, message, timeoutMs);
  } catch (error) {
    // Without the cause: what others say may repeat a secret, and it would be logged.
    throw new MakaiError('NOTIFY_FAILED', `${channel.type}: ${reasonOf(error, channel)}`);
  }
}

function sendBy(channel: Channel, message: Message, ms: number): Promise<void> {
  switch (channel.type) {
    case 'mail':
      return sendMail(channel, message, ms);
    case 'webhook':
      return sendWebhook(channel, message, ms);
    case 'slack':
      return sendSlack(channel, message, ms);
    case 'teams':
      return sendTeams(channel, message, ms);
    case 'matrix':
      return sendMatrix(channel, message, ms);
    case 'ntfy':
      return sendNtfy(channel, message, ms);
    case 'telegram':
      return sendTelegram(channel, message, ms);
    case 'apprise':
      return sendApprise(channel, message, ms);
  }
}

/** The reason behind "fetch failed", and no secret of the channel in it. */
function reasonOf(error: unknown, channel: Channel): string {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
  let text = `${messageOf(error)}${cause}`;
  for (const secret of secretsOf(channel)) text = text.replaceAll(secret, '***');
  return text;
}

function secretsOf(channel: Channel): string[] {
  const found = 'token' in channel && channel.token !== undefined ? [channel.token] : [];
  if (channel.type === 'mail') {
    const { password } = new URL(channel.server);
    if (password !== '') found.push(password, decoded(password));
  }
  if (channel.type === 'apprise') found.push(...channel.urls);
  if (channel.type === 'slack' || channel.type === 'teams' || channel.type === 'webhook')
    found.push(channel.url);
  if (channel.type === 'webhook')
    found.push(...Object.values(channel.headers), ...(channel.secret === undefined ? [] : [channel.secret]));
  return found.filter((secret) => secret !== '');
}

/** As it is where it is no percent-encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
