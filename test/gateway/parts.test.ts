/** Parts of the gateway by themselves: filters, permissions, lengths of packets, the window, the files of its state. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { silentLogger } from '../../common/log.js';
import { PacketLengths } from '../../gateway/broker/guarded.js';
import { mayPublish, mayReplyTo, maySubscribe } from '../../gateway/broker/permissions.js';
import { topicOf, topicPart } from '../../gateway/documents/topics.js';
import { isFilter, isTopic, matches } from '../../gateway/mqtt/filters.js';
import type { Link } from '../../gateway/mqtt/link.js';
import { parseObject } from '../../gateway/mqtt/payload.js';
import { Window } from '../../gateway/mqtt/window.js';
import { ValueSender } from '../../gateway/send/values.js';
import { openState } from '../../gateway/state/state.js';

describe('gateway: parts', () => {
  it('filters match as MQTT 3.1.1, 4.7 says', () => {
    for (const [filter, topic, expected] of [
      ['sport/tennis/player1/#', 'sport/tennis/player1', true],
      ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
      ['sport/#', 'sport', true],
      ['#', 'a/b', true],
      ['#', '$SYS/monitor', false],
      ['+/monitor', '$SYS/monitor', false],
      ['$SYS/#', '$SYS/monitor', true],
      ['sport/tennis/+', 'sport/tennis/player1', true],
      ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
      ['sport/+', 'sport', false],
      ['sport/+', 'sport/', true],
      ['+/+', '/finance', true],
      ['/+', '/finance', true],
      ['+', '/finance', false],
      ['a/b', 'a/b', true],
      ['a/b', 'a/b/c', false],
      ['a/b/c', 'a/b', false],
    ] as const)
      assert.equal(matches(filter, topic), expected, `${filter} ${topic}`);
    for (const wrong of ['', 'a#', 'a/#/b', 'a+', '+a/b', 'a\0', 'x'.repeat(65_536)])
      assert.equal(isFilter(wrong), false, wrong.slice(0, 10));
    for (const wrong of ['', 'a/+', '#', 'a\0']) assert.equal(isTopic(wrong), false);
  });

  it('a topic is a filter that matches itself, and is one level by topicPart', () => {
    const level = fc.string({ maxLength: 20 });
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 5 }), (levels) => {
        const topic = levels.map(topicPart).join('/');
        assert.ok(isTopic(topic) && isFilter(topic) && matches(topic, topic));
        assert.ok(matches(levels.map(() => '+').join('/'), topic));
        assert.equal(topic.split('/').length, levels.length);
      }),
    );
  });

  it('names of other programs do not change the shape of a topic', () => {
    assert.equal(topicOf('incident', { class: 'A/+#', box_id: '1' }), 'makai/incidents/A___/1');
    assert.equal(topicOf('incident', { class: '', box_id: '1' }), 'makai/incidents/none/1');
  });

  it('a viewer publishes nothing, an operator nothing that the gateway says', () => {
    for (const topic of [
      'makai/incidents/VOLTAGE_SAG/1',
      'makai',
      'makai/',
      'makai/daemons/gateway/status',
      '$SYS/x',
      '!rule',
      'a/+',
      '',
    ])
      for (const role of ['viewer', 'operator', 'admin'] as const)
        assert.equal(mayPublish(role, topic), false, topic);
    for (const topic of [
      'makai/requests/event',
      'makai/replies/me',
      'notifications',
      'meters/1',
      'makai2/x',
    ]) {
      assert.equal(mayPublish('viewer', topic), false, topic);
      assert.equal(mayPublish('operator', topic), true, topic);
    }
    assert.deepEqual(
      ['me/replies', 'makai/replies/1', 'makai/events/1', 'notifications', '!x', '$x', 'a/#'].map(mayReplyTo),
      [true, true, false, false, false, false, false],
    );
    assert.deepEqual(['#', 'makai/+/x', '$SYS/#', 'a#'].map(maySubscribe), [true, true, false, false]);
  });

  it('a stream of packets passes however it is cut, and a packet that is too long does not', () => {
    const MAX = 300;
    const packet = (length: number): number[] => {
      const bytes = [0x30];
      let left = length;
      do {
        bytes.push((left % 128) + (left >= 128 ? 128 : 0));
        left = Math.floor(left / 128);
      } while (left > 0);
      return [...bytes, ...Array.from({ length: Math.min(length, 1000) }, () => 0xff)];
    };
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (lengths, cuts) => {
          const bytes = Uint8Array.from(lengths.flatMap(packet));
          const guard = new PacketLengths(MAX);
          let accepted = true;
          for (let at = 0, i = 0; at < bytes.length && accepted; i++) {
            const size = cuts[i % cuts.length] ?? 1;
            accepted = guard.accept(bytes.subarray(at, at + size));
            at += size;
          }
          assert.equal(
            accepted,
            lengths.every((length) => length <= MAX),
          );
        },
      ),
    );
    assert.equal(new PacketLengths(2 ** 28).accept(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff)), false);
  });

  it('payloads: only JSON objects, never longer than allowed', () => {
    const wrong = ['', '{', 'NaN', '[1]', 'null', '"x"', '1', '{"a":NaN}', `{"a":"${'x'.repeat(1000)}"}`];
    for (const text of wrong) assert.ok('wrong' in parseObject(Buffer.from(text), 500), text.slice(0, 20));
    assert.ok('wrong' in parseObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 500));
    assert.deepEqual(parseObject(Buffer.from('{"a":1}'), 500), { object: { a: 1 } });
  });

  it('the window lets nobody in without a connection, and never more than it holds', async () => {
    const window = new Window(2);
    const entered: number[] = [];
    const leaves: (() => void)[] = [];
    const enter = async (n: number): Promise<void> => {
      leaves.push(await window.enter());
      entered.push(n);
    };
    const all = [1, 2, 3, 4].map(enter);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(entered, []);
    window.open(2);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(entered, [1, 2]);
    window.close();
    leaves[0]?.();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(entered, [1, 2]);
    window.open(1);
    leaves[1]?.();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(entered, [1, 2, 3]);
    window.end(new Error('over'));
    await assert.rejects(Promise.all(all), /over/);
    await assert.rejects(window.enter(), /over/);
  });
});

describe('gateway: live values', () => {
  it('wait in a bounded number and of a bounded size, also under way; the oldest are dropped', async () => {
    const underWay: { topic: string; done: () => void }[] = [];
    let connect = (): void => undefined;
    let connected = false;
    const link: Link = {
      publish: ({ topic }) => new Promise((done) => void underWay.push({ topic, done })),
      window: 100,
      status: () => ({ broker: '', embedded: false, connected, since_ms: 0, connections: 1 }),
      subscribe: async () => async () => undefined,
      onConnected: (call) => {
        connect = call;
      },
      open: async () => undefined,
      endHearing: () => undefined,
      stop: async () => undefined,
    };
    const sender = new ValueSender(link, 1000, silentLogger());
    const payload = Buffer.alloc(10 * 2 ** 20);
    for (let i = 0; i < 20; i++) sender.put({ topic: `t/${i}`, payload });
    assert.deepEqual([sender.waiting, sender.dropped], [3, 17]);
    sender.put({ topic: 'longer than all', payload: Buffer.alloc(40 * 2 ** 20) });
    assert.deepEqual([sender.waiting, sender.dropped], [3, 18]);
    connected = true;
    connect();
    for (let i = 20; i < 30; i++) sender.put({ topic: `t/${i}`, payload });
    assert.ok(underWay.length <= 4, `${underWay.length} under way`);
    for (let at = 0; at < underWay.length; at++) {
      underWay[at]?.done();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(sender.published + sender.dropped, 31);
    assert.deepEqual([sender.waiting, underWay.at(-1)?.topic], [0, 't/29']);
  });
});

describe('gateway: state on disk', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-state-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const message = (n: number) => ({ topic: `t/${n}`, payload: `{"n":${n}}`, retain: n % 2 === 1 });

  it('messages come out in order, also after it was opened again', () => {
    const first = openState(folder, 1_000_000);
    first.outbox.put([1, 2, 3].map(message), 5);
    const head = first.outbox.first();
    assert.deepEqual(head, { id: 1, ...message(1) });
    if (head !== undefined) first.outbox.remove(head);
    const before = first.outbox.status();
    first.close();
    const second = openState(folder, 1_000_000);
    assert.deepEqual(second.outbox.status(), before);
    assert.deepEqual(second.outbox.first(), { id: 2, ...message(2) });
    second.close();
  });

  it('a full outbox takes nothing, and nothing of what was to be written with it', () => {
    const state = openState(folder, 200);
    state.outbox.put([message(1)], 0);
    const before = state.outbox.status();
    assert.throws(
      () =>
        state.together(() => {
          state.positions.put('event', 7);
          state.outbox.put([message(2)], 0);
          state.outbox.put([message(3), message(4), message(5)], 0);
        }),
      { code: 'GATEWAY_OUTBOX_FULL' },
    );
    assert.equal(state.positions.get('event'), undefined);
    assert.deepEqual(state.outbox.status(), before);
    const head = state.outbox.first();
    if (head !== undefined) state.outbox.remove(head);
    assert.deepEqual(state.outbox.status(), { messages: 0, bytes: 0, max_bytes: 200, oldest_ms: undefined });
    state.close();
  });

  it('one process a folder', () => {
    const state = openState(folder, 1_000_000);
    assert.throws(() => openState(folder, 1_000_000), { code: 'ALREADY_RUNNING' });
    state.close();
  });
});
