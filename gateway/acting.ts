/** What acts on messages and on what is followed: rules, alerts, notifications. They learn of everything, and publish through the outbox. */
import type { Clock } from '../common/clock.js';
import { type Running, startAll, stopAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { Rejections } from '../common/rejections.js';
import { ThrottledLog } from '../common/throttled-log.js';
import type { GatewaySettings } from '../config/index.js';
import type { Store } from '../store/store.js';
import { type Alerts, startAlerts } from './alerts/index.js';
import type { Follower } from './followed.js';
import type { Publish } from './message.js';
import { matches } from './mqtt/filters.js';
import type { Incoming, Link } from './mqtt/link.js';
import { parseObject } from './mqtt/payload.js';
import { type Notifier, notificationDocument, startNotify } from './notify/index.js';
import { type Rules, startRules } from './rules/index.js';
import type { Message } from './state/outbox.js';
import type { Shared } from './state/shared.js';

const NOTIFICATIONS = 'notifications';
/** With attachments. */
const MAX_NOTIFICATION_BYTES = 12 * 2 ** 20;
/** What the gateway publishes itself; the broker sends it back where rules name it. */
const OURS = 'makai/';

export interface ActingOptions {
  settings: GatewaySettings;
  /** with other gateways */
  shared: Shared;
  link: Link;
  publish: Publish;
  /** throws MakaiError STORE_UNAVAILABLE until it is open */
  store: () => Store;
  rejections: Rejections;
  clock: Clock;
  log: Logger;
}

export interface Acting extends Running {
  readonly follower: Follower;
  /** Reads the file of recipients again. @throws MakaiError for one that has mistakes: the recipients stay as they were */
  reload(): Promise<void>;
  /** one that the gateway publishes itself */
  message(message: Message): void;
  status(): {
    rules: ReturnType<Rules['status']>;
    alerts: ReturnType<Alerts['status']>;
    notify: ReturnType<Notifier['status']>;
  };
}

type Parts = { name: string; part: Running }[];

/** @throws MakaiError for a file of recipients that has mistakes, or a queue that cannot be opened; what has begun is stopped */
export async function startActing(options: ActingOptions): Promise<Acting> {
  const parts: Parts = [];
  try {
    return await startParts(options, parts);
  } catch (error) {
    await stopAll(parts).catch(() => undefined);
    throw error;
  }
}

async function startParts(options: ActingOptions, parts: Parts): Promise<Acting> {
  const { clock, link, log, publish, rejections, settings, shared, store } = options;
  const throttled = new ThrottledLog(log, { clock });
  const common = { store, clock, log };
  const started = <T extends Running>(name: string, part: T): T => {
    parts.push({ name, part });
    return part;
  };
  const notifier = started(
    'notifications',
    await startNotify({ ...common, ...{ file: settings.notify, folder: settings.state, shared } }),
  );
  const alerts = started(
    'alerts',
    await startAlerts({
      ...common,
      notify: (notification) => notifier.notify(notification),
      link: (page) => `${settings.web.replace(/\/$/, '')}/${page.replace(/^\//, '')}`,
      disk: settings.state,
    }),
  );
  let topicsChanged = (): void => undefined;
  const rules = started(
    'rules',
    await startRules({
      ...common,
      folder: settings.state,
      shared,
      publish,
      alert: (alert, atMs) => alerts.rule(alert, atMs),
      firing: () => alerts.firingRules(),
      onTopicsChanged: () => topicsChanged(),
    }),
  );
  const hear = ({ payload, topic }: Incoming): void => {
    if (!topic.startsWith(OURS)) rules.handle({ topic, text: payload.toString('utf8') });
  };
  const subscriptions = new Map<string, () => Promise<void>>();
  const subscribe = async (): Promise<void> => {
    const wanted = new Set(rules.topics());
    for (const [filter, end] of subscriptions) {
      if (wanted.has(filter)) continue;
      subscriptions.delete(filter);
      await end();
    }
    for (const filter of wanted)
      if (!subscriptions.has(filter)) subscriptions.set(filter, await link.subscribe(filter, once(filter)));
  };
  // A message that several filters have is heard once.
  const once = (filter: string) => (message: Incoming) => {
    const first = [...subscriptions.keys()].find((one) => matches(one, message.topic));
    if (first === undefined || first === filter) hear(message);
  };
  topicsChanged = () => {
    subscribe().catch((err: unknown) =>
      throttled.warn({ err }, 'the topics of rules could not be subscribed to'),
    );
  };
  await subscribe();
  const keepNotification = (message: Incoming): Promise<void> | undefined => {
    const parsed = parseObject(message.payload, MAX_NOTIFICATION_BYTES);
    const document = 'object' in parsed ? notificationDocument.safeParse(parsed.object) : undefined;
    if (document?.success !== true || message.retain) {
      rejections.count('notification_invalid', message.topic);
      return undefined;
    }
    return notifier.notify(document.data);
  };
  const endNotifications = await link.subscribe(NOTIFICATIONS, keepNotification, { keeps: true });
  const running = await startAll(parts.map(({ name, part }) => ({ name, start: async () => part })));
  return {
    follower: alerts,
    reload: () => notifier.reload(),
    message: ({ payload, topic }) => rules.handle({ topic, text: payload }),
    status: () => ({ rules: rules.status(), alerts: alerts.status(), notify: notifier.status() }),
    stop: async () => {
      await endNotifications();
      for (const end of subscriptions.values()) await end();
      await running.stop();
    },
  };
}
