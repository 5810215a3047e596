/** What waits on disk and is published: a message that the broker refuses holds up no other, and what was published is recorded once the disk takes it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MakaiError } from '../../common/errors.js';
import { silentLogger } from '../../common/log.js';
import type { Outgoing } from '../../gateway/mqtt/link.js';
import { send } from '../../gateway/notify/channels/send.js';
import { messageOf } from '../../gateway/notify/message.js';
import { KeptSender } from '../../gateway/send/kept.js';
import { openState, type State } from '../../gateway/state/state.js';
import { ManualClock } from '../acquisition-broker/manual-clock.js';
import { until } from '../support/until.js';

describe('gateway: what waits on disk', () => {
  let folder: string;
  let state: State;
  let clock: ManualClock;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-kept-'));
    state = openState(folder, 1_000_000);
    clock = new ManualClock();
  });
  afterEach(() => {
    state.close();
    rmSync(folder, { recursive: true });
  });

  const turn = async (ms: number): Promise<void> => {
    clock.advance(ms);
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
  };
  /** @param takes false: it refuses the message, as MQTT 5 allows */
  function given(takes: (topic: string) => boolean) {
    const published: string[] = [];
    const publish = async ({ topic }: Outgoing): Promise<void> => {
      if (!takes(topic)) throw new MakaiError('MQTT_REFUSED', `${topic}: not authorized`);
      published.push(topic);
    };
    const link = {
      publish,
      window: 1,
      status: () => ({ broker: '', embedded: false, connected: true, since_ms: 0, connections: 1 }),
      subscribe: async () => async () => undefined,
      onConnected: () => undefined,
      open: async () => undefined,
      endHearing: () => undefined,
      stop: async () => undefined,
    };
    const sender = new KeptSender({ outbox: state.outbox, link, clock, log: silentLogger() });
    return { published, sender };
  }
  const put = (...topics: string[]): void =>
    state.outbox.put(
      topics.map((topic) => ({ topic, payload: '{}', retain: false })),
      clock.now(),
    );

  it('a topic that the broker forbids holds up no other; what rules publish there is dropped after ten times', async () => {
    put('!forbidden', 'makai/incidents/A/1', 'makai/events/1');
    const { published, sender } = given((topic) => topic !== '!forbidden');
    await until('the others are published', async () => {
      await turn(1000);
      return published.length === 2;
    });
    assert.deepEqual(published, ['makai/incidents/A/1', 'makai/events/1']);
    for (let i = 0; i < 20; i += 1) await turn(60_000);
    assert.deepEqual([sender.status().dropped, state.outbox.status().messages], [1, 0]);
    assert.ok(sender.status().refused >= 10);
    await sender.stop();
  });

  it('an incident that the broker refuses waits, however often', async () => {
    put('makai/incidents/A/1');
    let isAllowed = false;
    const { published, sender } = given(() => isAllowed);
    for (let i = 0; i < 30; i += 1) await turn(60_000);
    assert.deepEqual([sender.status().dropped, state.outbox.status().messages], [0, 1]);
    isAllowed = true;
    await turn(60_000);
    assert.deepEqual([published, state.outbox.status().messages], [['makai/incidents/A/1'], 0]);
    await sender.stop();
  });

  it('a message that was published is not published again because the disk is full', async () => {
    put('makai/events/1', 'makai/events/2');
    const remove = state.outbox.remove.bind(state.outbox);
    let failures = 3;
    state.outbox.remove = (message) => {
      if (failures > 0) {
        failures -= 1;
        throw new Error('database or disk is full');
      }
      remove(message);
    };
    const { published, sender } = given(() => true);
    for (let i = 0; i < 10; i += 1) await turn(5000);
    assert.deepEqual(published, ['makai/events/1', 'makai/events/2']);
    assert.equal(state.outbox.status().messages, 0);
    await sender.stop();
  });

  it('what a channel says of a failure has no secret in it, nor what caused it', async () => {
    const channel = {
      type: 'webhook' as const,
      url: 'http://127.0.0.1:9/',
      headers: { authorization: 'Bearer hidden\nvalue' },
    };
    const error = await send(channel, messageOf('key', { title: 'a sag' }), 1000).catch(
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof MakaiError && error.code === 'NOTIFY_FAILED');
    assert.doesNotMatch(error.message, /hidden/);
    assert.equal(error.cause, undefined);
  });
});
