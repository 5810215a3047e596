/** When a message may go to a recipient. */
import type { NotifyFile, Recipient } from './file.js';
import type { Notification } from './notification.js';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const RANK = { notice: 0, warning: 1, critical: 2 } as const;

/** Recipients of a notification: by a common tag, their own or that of a group; those with `all` get everything. */
export function recipientsOf({ groups, recipients }: NotifyFile, notification: Notification): Recipient[] {
  const { severity = 'warning', tag = [] } = notification;
  const wanted = new Set([...(typeof tag === 'string' ? [tag] : tag), 'all']);
  return recipients.filter(({ min_severity, name, tags }) => {
    if (RANK[severity] < RANK[min_severity]) return false;
    const ofGroups = groups.filter(({ members }) => members.includes(name)).flatMap((group) => group.tags);
    return [...tags, ...ofGroups].some((one) => wanted.has(one));
  });
}

/** The first time, Unix ms, at which it may be sent. Quiet hours that end across a change of the clock are looked at again then. */
export function earliestMs(recipient: Recipient, notification: Notification, nowMs: number): number {
  if (notification.severity === 'critical') return nowMs;
  const { digest_minutes } = recipient;
  const step = (digest_minutes ?? 0) * MINUTE_MS;
  const digest = step === 0 ? nowMs : Math.ceil(nowMs / step) * step;
  return quietUntil(recipient, digest);
}

/** @returns `ms`, or the end of the quiet hours it falls into */
export function quietUntil({ quiet_hours: quiet }: Pick<Recipient, 'quiet_hours'>, ms: number): number {
  if (quiet === undefined) return ms;
  const at = minuteOfDay(ms, quiet.zone);
  const [from, to] = [minutesOf(quiet.from), minutesOf(quiet.to)];
  const since = (at - from + DAY_MINUTES) % DAY_MINUTES;
  const length = (to - from + DAY_MINUTES) % DAY_MINUTES;
  if (since >= length) return ms;
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS + (length - since) * MINUTE_MS;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return 60 * hours + minutes;
}

function minuteOfDay(ms: number, zone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  });
  return minutesOf(format.format(ms));
}
