/** A gateway that is not the active one any more says nothing to anybody, also where it had begun before. */
import assert from 'node:assert/strict';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { Counts } from '../../gateway/kafka/counts.js';
import { KafkaSender } from '../../gateway/kafka/sender.js';
import { TrendLink } from '../../gateway/kafka/trend-link.js';
import type { Hear, Link, Outgoing } from '../../gateway/mqtt/link.js';
import { startNotify } from '../../gateway/notify/index.js';
import { DeliveryQueue } from '../../gateway/notify/queue.js';
import { EventRequests } from '../../gateway/requests/events.js';
import { guardedLink, guardedProducer } from '../../gateway/standby/guarded.js';
import { ALONE, type Shared } from '../../gateway/state/shared.js';
import { openState } from '../../gateway/state/state.js';
import { until } from '../support/until.js';
import { notifyRig, receiver } from './notify/rig.js';

const SERVERS = { format: 'json', topicPrefix: 'makai.' } as const;

describe('gateway: one that is not the active one any more', () => {
  const ends: (() => Promise<void> | void)[] = [];
  let isActive: boolean;
  let shared: Shared;
  beforeEach(() => {
    isActive = true;
    shared = { ...ALONE, mayAct: () => isActive };
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function notified() {
    const hook = await receiver();
    ends.push(hook.stop);
    const channels = [{ type: 'webhook', url: hook.url }];
    const rig = await notifyRig(JSON.stringify({ recipients: [{ name: 'ada', tags: ['ops'], channels }] }));
    ends.push(rig.cleanup);
    const start = async (store = rig.store) => {
      const notifier = await startNotify({
        ...{ file: rig.file, folder: rig.folder, shared, store: () => store },
        ...{ clock: systemClock, log: silentLogger(), firstPauseMs: 20, env: {} },
      });
      ends.push(() => notifier.stop());
      return notifier;
    };
    return { ...rig, hook, start };
  }

  it('sends no notification whose picture came when another one was', async () => {
    const { hook, start, store } = await notified();
    let looks = 0;
    const slow = Object.create(store, {
      incident: {
        value: async () => {
          looks += 1;
          isActive = false;
          return undefined;
        },
      },
    }) as typeof store;
    const notifier = await start(slow);
    await notifier.notify({ title: 'Sag', body: 'deep', tag: ['ops'], incident_id: 1 });
    await until('it looked for the picture', async () => looks > 0);
    await notifier.stop();
    assert.equal(hook.received.length, 0);
    assert.equal(looks, 1);
  });

  it('sends no digest whose key the others do not have', async () => {
    const { folder, hook, start } = await notified();
    let copy = (): void => undefined;
    const copied = new Promise<void>((resolve) => {
      copy = resolve;
    });
    let asked = 0;
    const queue = new DeliveryQueue(`${folder}/deliveries.db`, {
      ...ALONE,
      attach: (_, db) => {
        const joined = db
          .prepare<[], number>('SELECT count(*) FROM deliveries WHERE batch IS NOT NULL')
          .pluck(true);
        shared.flushed = async () => {
          if (joined.get() === 0) return;
          asked += 1;
          await copied;
        };
        return () => undefined;
      },
    });
    ends.push(() => queue.close());
    for (const id of ['a', 'b'])
      queue.add(
        { id, title: id, body: '', notify_type: 'info', tag: ['ops'], severity: 'notice' },
        [{ recipient: 'ada', channel: 0, next_ms: 0, held: true }],
        1,
      );
    await start();
    await until('it waits for the copy', async () => asked === 1);
    assert.equal(hook.received.length, 0);
    copy();
    await until('it is sent', async () => hook.received.length === 1);
  });

  it('sends nothing to Kafka and to the other side of a bridge', async () => {
    const sent: number[] = [];
    const producer = guardedProducer(
      {
        send: async ({ length }) => {
          sent.push(length);
          return 0;
        },
      },
      shared,
    );
    const { folder } = await notified();
    const state = openState(folder, 100_000);
    ends.push(() => state.close());
    const counts = new Counts(SERVERS.topicPrefix);
    const records = new KafkaSender({
      ...{ state, servers: SERVERS, producer, counts },
      ...{ clock: systemClock, log: silentLogger() },
    });
    ends.push(() => records.stop());
    const put = () => state.outbox.put([{ topic: 'makai.events/1', payload: '{}', retain: false }], 1);
    put();
    await until('it is sent', async () => sent.length === 1);
    isActive = false;
    put();
    const trends = new TrendLink(producer, SERVERS, counts);
    await assert.rejects(trends.publish({ topic: 'makai.trends/1', payload: '{}' }), {
      code: 'MQTT_STOPPED',
    });
    const publish = async (): Promise<void> => assert.fail('it is published');
    const link = guardedLink({ publish } as unknown as Link, shared);
    await assert.rejects(link.publish({ topic: 'x', payload: '' }), { code: 'MQTT_STOPPED' });
    await records.stop();
    assert.deepEqual(sent, [1]);
    assert.equal(state.outbox.status().messages, 1);
  });

  it('asks no box', async () => {
    const published: Outgoing[] = [];
    let hear: Hear = () => undefined;
    const link = {
      publish: async (message: Outgoing) => {
        published.push(message);
      },
      subscribe: async (_: string, heard: Hear) => {
        hear = heard;
        return async () => undefined;
      },
    };
    isActive = false;
    const requests = new EventRequests({
      ...{ link: link as unknown as Link, requests: '', notices: '', curve: undefined, shared },
      store: () => assert.fail('the store is asked'),
      ...{ rejections: new Rejections(silentLogger()), clock: systemClock, log: silentLogger() },
    });
    await requests.start();
    const payload = Buffer.from(JSON.stringify({ from_ms: 1, to_ms: 2, reply_to: 'makai/replies/x' }));
    await hear({ topic: 'makai/requests/event', payload, retain: false });
    await until('it replies', async () => published.length === 1);
    assert.match(String(published[0]?.payload), /"code":"MQTT_STOPPED"/);
    assert.equal(requests.made, 0);
  });
});
