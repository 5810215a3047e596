/** What publishes: senders, and those who follow the store, the daemons and the measurement stream. */
import type { Clock } from '../common/clock.js';
import { type Part, type Running, startAll, stopAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { Rejections } from '../common/rejections.js';
import { VERSION } from '../common/version.js';
import type { GatewaySettings } from '../config/index.js';
import type { Store } from '../store/store.js';
import type { HeardBrokers } from '../stream/brokers.js';
import type { CurveClientOptions } from '../zmq/curve.js';
import { startActing } from './acting.js';
import { Bridge } from './bridge/bridge.js';
import { topicOf } from './documents/topics.js';
import { DaemonFollower } from './follow/daemons.js';
import { hearNotices } from './follow/notices.js';
import { StoredFollower } from './follow/stored.js';
import { TrendFollower } from './follow/trends.js';
import type { Follower } from './followed.js';
import { Discovery } from './home-assistant/discovery.js';
import type { KafkaOut } from './kafka/start.js';
import { LiveMeasurements } from './live/measurements.js';
import type { Publish } from './message.js';
import type { MeterHealth } from './meters/health.js';
import { Meters } from './meters/meters.js';
import { connectLink } from './mqtt/client.js';
import type { Link } from './mqtt/link.js';
import { EventRequests } from './requests/events.js';
import { KeptSender } from './send/kept.js';
import { RetainedSender } from './send/retained.js';
import { ValueSender } from './send/values.js';
import { guardedLink } from './standby/guarded.js';
import type { Message } from './state/outbox.js';
import { sessionFilters } from './state/session-filters.js';
import type { Shared } from './state/shared.js';
import type { State } from './state/state.js';
import type { GatewayStatus } from './status.js';

export interface CoreDeps {
  settings: GatewaySettings;
  state: State;
  /** with other gateways */
  shared: Shared;
  link: Link;
  /** throws MakaiError STORE_UNAVAILABLE until it is open */
  store: () => Store;
  curve: CurveClientOptions | undefined;
  /** of our status server; undefined: there is none */
  ownAddress: () => string | undefined;
  rejections: Rejections;
  clock: Clock;
  log: Logger;
}

export interface Core extends Running {
  /** Reads the file of recipients again. @throws MakaiError for one that has mistakes */
  reload(): Promise<void>;
  status(): Omit<GatewayStatus, 'mqtt' | 'store' | 'clients' | 'refused'>;
  /** @param boxId only this one */
  boxHealth(boxId?: number): MeterHealth[];
  /** the triggering brokers; undefined: no live measurements are wanted, or the sockets are new */
  heard(): HeardBrokers | undefined;
}

/** Parts that run before all are started. */
type Begun = { name: string; part: Running }[];

/** @throws what a part throws; those that have begun are stopped */
export async function startCore(deps: CoreDeps): Promise<Core> {
  const begun: Begun = [];
  try {
    return await startParts(deps, begun);
  } catch (error) {
    await stopAll(begun).catch(() => undefined);
    throw error;
  }
}

async function startParts(deps: CoreDeps, begun: Begun): Promise<Core> {
  const runs = (name: string, part: Running): Part => {
    let stopping: Promise<void> | undefined;
    const one: Running = {
      stop: () => {
        stopping ??= part.stop();
        return stopping;
      },
    };
    begun.push({ name, part: one });
    return { name, start: async () => one };
  };
  const { clock, curve, link, log, ownAddress, rejections, settings, shared, state, store } = deps;
  const kept = new KeptSender({ outbox: state.outbox, link, clock, log });
  begun.push({ name: 'outbox', part: kept });
  const retained = new RetainedSender(link, log);
  const values = new ValueSender(link, settings.outbox.measurements, log);
  const publish: Publish = async (topic, payload, { retain = false } = {}) => {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    state.outbox.put([{ topic, payload: text, retain }], clock.now());
  };
  const acting = await startActing({ settings, shared, link, publish, store, rejections, clock, log });
  const acts = runs('rules, alerts and notifications', acting);
  const followers: Follower[] = [acting.follower];
  const onMessage = (message: Message): void => acting.message(message);
  const stored = new StoredFollower({ store, state, followers, onMessage, clock, log });
  const trends = new TrendFollower({ store, state, link, onMessage, clock, log });
  let meters: Meters | undefined;
  const daemons = new DaemonFollower({
    ...{ named: settings.daemons, ownAddress, retained, followers, clock, log },
    knowsMeters: () => meters?.areKnown !== false,
  });
  const live = new LiveMeasurements({
    ...{ endpoints: settings.triggerEndpoints, curve, clock, log },
    ...settings.measurements,
    onMessage: (message) => {
      onMessage(message);
      values.put(message);
    },
  });
  const measures = runs('measurements', live);
  const requests = new EventRequests({
    ...{ link, store, curve, shared, rejections, clock, log },
    requests: settings.acquisitionEndpoint,
    notices: settings.dataEndpoint,
  });
  const parts: Part[] = [];
  if (settings.homeAssistant !== undefined) {
    const discovery = new Discovery({
      ...{ prefix: settings.homeAssistant, boxes: settings.measurements.boxes },
      ...{ store, retained, clock, log },
    });
    parts.push({ name: 'Home Assistant', start: async () => started(discovery) });
  }
  if (settings.meters !== undefined) {
    meters = await Meters.start({ settings: settings.meters, link, store, rejections, clock, log });
    parts.push(runs('meters', meters));
  }
  const kafka = await kafkaOf(deps);
  if (kafka !== undefined) parts.push(runs('Kafka', kafka));
  let bridge: Bridge | undefined;
  if (settings.bridge !== undefined) {
    const { maxMessages: most, server, topics } = settings.bridge;
    const filters = sessionFilters(state.positions, 'bridge filters');
    const remote = await connectLink({ path: 'bridge', server, filters, clock, log });
    const passing = new Bridge({
      ...{ local: link, remote: guardedLink(remote, shared), topics, most },
      ...{ clock, log },
    });
    bridge = passing;
    parts.push({
      name: 'bridge',
      start: async () => {
        await passing.start();
        return passing;
      },
    });
  }
  const own = { daemon: 'gateway', running: true, since_ms: clock.now(), version: VERSION };
  retained.put(topicOf('daemon', { daemon: own.daemon }), own);
  const running = await startAll([
    acts,
    // Stopped last of these, and after the connection: the message that is under way ends with it.
    { name: 'events and incidents', start: async () => started(stored) },
    { name: 'trends', start: async () => started(trends) },
    { name: 'daemons', start: async () => started(daemons) },
    {
      name: 'notices',
      start: async () =>
        hearNotices({
          ...{ dataEndpoint: settings.dataEndpoint, incidentEndpoint: settings.incidentEndpoint },
          ...{ curve, clock, log },
          onEvent: (id) => {
            stored.wake('event', id);
            kafka?.wake('event', id);
          },
          onIncident: (id) => {
            stored.wake('incident', id);
            kafka?.wake('incident', id);
          },
        }),
    },
    measures,
    { name: 'event requests', start: () => requests.start() },
    ...parts,
  ]);
  return {
    status: () => {
      const { dropped, published, reason } = kept.status();
      return {
        published: {
          kept: published,
          retained: retained.published,
          trends: trends.published,
          measurements: values.published,
        },
        outbox: { ...state.outbox.status(), reason, dropped },
        measurements: {
          received: live.received,
          waiting: values.waiting,
          dropped: values.dropped,
          refused: live.refused + values.refused,
        },
        ...streamOf(live),
        followed: stored.status(),
        daemons: daemons.running(),
        event_requests: requests.made,
        bridge: bridge?.status(),
        ...(kafka === undefined ? {} : { kafka: kafka.status() }),
        meters: meters?.status(),
        ...acting.status(),
      };
    },
    boxHealth: (boxId) => meters?.health(boxId) ?? [],
    heard: () => live.settled(),
    reload: () => acting.reload(),
    stop: async () => {
      await running.stop();
      await kept.stop();
    },
  };
}

function streamOf(live: LiveMeasurements): Pick<GatewayStatus, 'stream'> {
  const stream = live.heard();
  return stream === undefined ? {} : { stream };
}

/** Nothing for Kafka is loaded without its setting. */
async function kafkaOf({ clock, log, settings, shared, store }: CoreDeps): Promise<KafkaOut | undefined> {
  const { kafka: servers, outbox, state: folder } = settings;
  if (servers === undefined) return undefined;
  const { startKafkaOut } = await import('./kafka/start.js');
  return startKafkaOut({ servers, folder, shared, maxBytes: outbox.maxBytes, store, clock, log });
}

async function started<T extends Running & { start(): void | Promise<void> }>(part: T): Promise<T> {
  await part.start();
  return part;
}
