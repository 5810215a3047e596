import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MAX_MADE, MAX_PAYLOAD_BYTES } from '../../rules/engine.js';
import { runs } from '../support/property.js';
import { oneRule, rig } from './rig.js';

const low = oneRule({ condition: '$v < 10' }, {});

describe('rules: messages', () => {
  it('what is no JSON object is counted, and nothing stops', () => {
    const { engine, published } = rig(low);
    for (const text of ['', 'no', '{', '5', 'null', '"x"', '{"v":NaN}', '\u0000']) engine.take('a/1', text);
    engine.take('a/1', Buffer.from([0xff, 0xfe, 0x7b]));
    assert.equal(engine.counts.notJson, 9);
    engine.take('a/1', '['.repeat(100_000));
    engine.take('a/1', `{"v":5,"x":"${'y'.repeat(MAX_PAYLOAD_BYTES)}"}`);
    assert.equal(engine.counts.tooLong, 1);
    engine.take('a/1', '{"v":5,"__proto__":{"v":99}}');
    assert.deepEqual(published, [{ topic: '!out', payload: '{"a/1":{"v":5,"__proto__":{"v":99}}}' }]);
  });

  it('a topic with the name of a prototype is a topic', () => {
    const { engine, published } = rig(oneRule({ topic: '#', condition: '$v < 10' }, {}));
    engine.take('__proto__', '{"v":1}');
    assert.deepEqual(published, [{ topic: '!out', payload: '{"__proto__":{"v":1}}' }]);
  });

  it('a filter does not read what a filter made, rules do, and the echo of the broker is ignored', () => {
    const filters = ['low', 'bad/one'].map((subtopic) => ({
      ...{ topic: 'a/#', subtopic },
      statements: [{ condition: '$v < 10', new_payload: '' }],
    }));
    const { engine, published } = rig({ filters, ...oneRule({ topic: 'a/+/low', condition: '$v < 5' }, {}) });
    engine.take('a/1', '{"v":1}');
    const topics = published.map(({ topic }) => topic);
    assert.deepEqual(topics, ['a/1/low', 'a/1/bad/one', '!out']);
    for (const { payload, topic } of [...published]) engine.take(topic, payload);
    assert.equal(published.length, 3);
    assert.equal(engine.counts.own, 3);
  });

  it('rules read what rules made', () => {
    const { engine, published } = rig({
      rules: [
        ...oneRule({ condition: '$v < 10' }, { new_payload: '{"w":1}' }).rules,
        {
          statements: [{ id: 2, topic: '!out', condition: '$w == 1' }],
          logic: [{ operations: '$2', new_topic: 'second', new_payload: 'yes' }],
        },
      ],
    });
    engine.take('a/1', '{"v":1}');
    assert.deepEqual(
      published.map(({ payload, topic }) => `${topic} ${payload}`),
      ['!out {"w":1}', '!second yes'],
    );
  });

  it('rules that multiply end after so many messages, counted', () => {
    const rules = Array.from({ length: 30 }, (_, index) => ({
      statements: [{ id: index, topic: index === 0 ? 'start' : `!${index}`, condition: '$v == 1' }],
      logic: ['1 == 1', '2'].map(() => ({
        ...{ operations: `$${index}`, new_topic: String(index + 1), new_payload: '{"v":1}' },
      })),
    }));
    const { engine, published } = rig({ rules });
    engine.take('start', '{"v":1}');
    assert.ok(engine.counts.dropped > 0);
    assert.ok(published.length <= 2 * MAX_MADE, String(published.length));
    engine.take('start', '{"v":0}');
  });

  it('a newer message of a topic replaces the older one', () => {
    const { engine, published } = rig({
      rules: [
        {
          statements: [
            { id: 1, topic: 'a/+', condition: '$v < 10' },
            { id: 2, topic: 'b', condition: '$w == 1' },
          ],
          logic: [{ operations: '$1 and $2', new_topic: 'out', new_payload: '' }],
        },
      ],
    });
    engine.take('a/1', '{"v":1}');
    engine.take('a/1', '{"v":50}');
    engine.take('b', '{"w":1}');
    assert.deepEqual(published, []);
    engine.take('a/2', '{"v":2}');
    assert.deepEqual(published, [{ topic: '!out', payload: '{"a/2":{"v":2},"b":{"w":1}}' }]);
  });

  it('what is held is bounded', () => {
    const { engine } = rig({
      rules: [
        {
          statements: [
            { id: 1, topic: 'a/+', condition: '$v < 10' },
            { id: 2, topic: 'b', condition: '$w == 1' },
          ],
          logic: [{ operations: '$1 and $2', new_topic: 'out', new_payload: 'x' }],
        },
      ],
    });
    for (let index = 0; index < 10_100; index += 1) engine.take(`a/${index}`, '{"v":1}');
    assert.equal(engine.counts.notHeld, 100);
    for (let index = 0; index < 20; index += 1) engine.take(`a/${index}`, `{"v":1,"x":"${'y'.repeat(1e6)}"}`);
    assert.ok(engine.counts.notHeld > 5000);
  });

  it('a cooldown keeps a rule of the seed from firing again', () => {
    const { clock, engine, published } = rig(oneRule({ condition: '$v < 10' }, { cooldown: 60 }));
    for (let second = 0; second < 120; second += 1) {
      engine.take('a/1', `{"v":1}`);
      clock.advance(1000);
    }
    assert.equal(published.length, 2);
  });

  it('property: nothing that is published stops it', () => {
    const { engine } = rig({
      filters: [
        { topic: '#', subtopic: 's', statements: [{ condition: '$a > $b.c or not $a', new_payload: '' }] },
      ],
      ...oneRule({ topic: '+/#', condition: '$a != 1' }, { for: 1 }),
    });
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.oneof(fc.string(), fc.json()), (topic, payload) => {
        engine.take(topic, payload);
        engine.take('x', JSON.stringify({ a: payload, b: { c: topic } }));
      }),
      { numRuns: runs(2000) },
    );
    engine.stop();
  });
});
