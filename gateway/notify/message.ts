/** What a channel sends: one notification, or several together. */
import type { Attachment, Notification } from './notification.js';

export interface Message {
  /** the same at each try: Message-ID, Idempotency-Key */
  key: string;
  title: string;
  body: string;
  bodyFormat: 'text' | 'html' | 'markdown';
  notifyType: 'info' | 'success' | 'warning' | 'failure';
  severity: 'notice' | 'warning' | 'critical' | undefined;
  link: string | undefined;
  /** PNG of the waveform */
  picture: Buffer | undefined;
  attachments: readonly Attachment[];
}

export function messageOf(key: string, notification: Notification, picture?: Buffer): Message {
  const { attachments = [], body = '', body_format = 'text', link, notify_type = 'info' } = notification;
  return {
    ...{ key, title: notification.title, body, bodyFormat: body_format, notifyType: notify_type },
    ...{ severity: notification.severity, link, picture },
    attachments: attachments.map(({ content, content_type = 'application/octet-stream', name }) => ({
      ...{ name, content, content_type },
    })),
  };
}

const MAX_LISTED = 200;
const MAX_LISTED_BODY = 200;

/** A report, or another file, is a message of its own. */
export function canBeListed({ attachments = [] }: Notification): boolean {
  return attachments.length === 0;
}

/** Several as one: a list of titles, each with its link, or with its text where it has none. */
export function digestOf(key: string, notifications: readonly Notification[]): Message {
  const lines = notifications.slice(0, MAX_LISTED).map(({ body = '', link, title }) => {
    const text = body.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_LISTED_BODY);
    return link !== undefined ? `- ${title} ${link}` : text === '' ? `- ${title}` : `- ${title}: ${text}`;
  });
  const more = notifications.length - lines.length;
  return {
    ...{ key, title: `${notifications.length} notifications`, bodyFormat: 'text', notifyType: 'info' },
    body: [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'),
    ...{ severity: undefined, link: undefined, picture: undefined, attachments: [] },
  };
}

/** As plain text: title, body, link. */
export function textOf({ body, link, title }: Message): string {
  return [title, ...(body === '' ? [] : [body]), ...(link === undefined ? [] : [link])].join('\n\n');
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A mail: the title, the picture where there is one, the body, the link. Bodies in HTML are shown as text: they come from outside. */
export function htmlOf({ body, link, title }: Message, pictureSource: string | undefined): string {
  const parts = [
    `<h2 style="font:600 18px sans-serif">${escapeHtml(title)}</h2>`,
    ...(pictureSource === undefined
      ? []
      : [`<img src="${pictureSource}" width="480" height="120" alt="Waveform of the voltage">`]),
    ...(body === ''
      ? []
      : [`<pre style="font:14px sans-serif;white-space:pre-wrap">${escapeHtml(body)}</pre>`]),
    ...(link === undefined ? [] : [`<p><a href="${escapeHtml(link)}">Open in Makai</a></p>`]),
  ];
  return `<!doctype html><html><body>${parts.join('\n')}</body></html>`;
}
