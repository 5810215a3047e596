/** Trends, events and incidents for Kafka: the store is followed as for MQTT, with positions and an outbox of its own, so that neither waits for the other. */
import { join } from 'node:path';
import type { Clock } from '../../common/clock.js';
import { type Running, startAll } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { KafkaServers } from '../../config/settings.js';
import { checkKafkaFiles } from '../../kafka/files.js';
import type { KafkaStatus } from '../../kafka/metrics.js';
import { KafkaProducer } from '../../kafka/producer.js';
import type { Store } from '../../store/store.js';
import { StoredFollower } from '../follow/stored.js';
import { TrendFollower } from '../follow/trends.js';
import { guardedProducer } from '../standby/guarded.js';
import type { Shared } from '../state/shared.js';
import { openState } from '../state/state.js';
import { Counts } from './counts.js';
import { kafkaNews, kafkaTrend } from './news.js';
import { KafkaSender } from './sender.js';
import { TrendLink } from './trend-link.js';

export interface KafkaOutOptions {
  servers: KafkaServers;
  /** of the gateway */
  folder: string;
  /** with other gateways */
  shared: Shared;
  maxBytes: number;
  /** throws MakaiError STORE_UNAVAILABLE until it is open */
  store: () => Store;
  clock: Clock;
  log: Logger;
}

export interface KafkaOut extends Running {
  /** a notice: looks into the store now */
  wake(kind: 'event' | 'incident', id: number): void;
  status(): KafkaStatus;
}

/**
 * Kafka need not be there.
 * @throws MakaiError ALREADY_RUNNING and those of the file of an outbox, CONFIG_UNREADABLE, SECRET_EXPOSED
 */
export async function startKafkaOut(options: KafkaOutOptions): Promise<KafkaOut> {
  const { clock, folder, log, maxBytes, servers, shared, store } = options;
  checkKafkaFiles(servers);
  const { topicPrefix } = servers;
  const state = openState(join(folder, 'kafka'), maxBytes, shared, 'kafka');
  const producer = new KafkaProducer(servers, 'makai-gateway');
  const guarded = guardedProducer(producer, shared);
  const counts = new Counts(topicPrefix);
  const onMessage = (): void => undefined;
  const stored = new StoredFollower({
    ...{ store, state, onMessage, clock, log },
    followers: [],
    news: kafkaNews(topicPrefix),
  });
  const trends = new TrendFollower({
    ...{ store, state, onMessage, clock, log },
    link: new TrendLink(guarded, servers, counts),
    message: kafkaTrend(topicPrefix),
  });
  const running = await startAll([
    { name: 'outbox for Kafka', start: async () => ({ stop: async () => state.close() }) },
    { name: 'Kafka', start: async () => producer },
    {
      name: 'events and incidents for Kafka',
      start: async () => {
        await stored.start();
        return stored;
      },
    },
    {
      name: 'records for Kafka',
      start: async () => new KafkaSender({ ...{ state, servers, producer: guarded, counts }, clock, log }),
    },
    {
      name: 'trends for Kafka',
      start: async () => {
        trends.start();
        return trends;
      },
    },
  ]);
  return {
    wake: (kind, id) => stored.wake(kind, id),
    status: () => {
      const { bytes, max_bytes, messages } = state.outbox.status();
      return { ...counts.status(), queue: { records: messages, bytes, max_bytes } };
    },
    stop: () => running.stop(),
  };
}
