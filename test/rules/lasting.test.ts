import assert from 'node:assert/strict';
import { oneRule, rig } from './rig.js';

const said = (rigged: ReturnType<typeof rig>): string[] =>
  rigged.alerts.splice(0).map(({ state, subject }) => `${state} ${subject}`);

describe('rules: those that begin and end', () => {
  it('an alert is said once, and once when it is over, for each topic', () => {
    const one = rig(oneRule({ condition: '$v < 10' }, { severity: 'critical', notify: ['ops', 'lab'] }));
    for (const v of [5, 4, 3]) one.engine.take('a/1', `{"v":${v}}`);
    one.engine.take('a/2', '{"v":1}');
    assert.equal(one.alerts[0]?.severity, 'critical');
    assert.deepEqual(one.alerts[0]?.notify, ['ops', 'lab']);
    assert.deepEqual(one.alerts[0]?.message, { topic: '!out', payload: '{"a/1":{"v":5}}' });
    assert.deepEqual(said(one), ['firing a/1', 'firing a/2']);
    assert.equal(one.published.length, 2);
    one.engine.take('a/1', '{"v":50}');
    one.engine.take('a/1', '{"v":51}');
    assert.deepEqual(said(one), ['resolved a/1']);
    assert.equal(one.published.length, 2);
  });

  it('for: it has to hold that long, also when no further message comes', () => {
    const one = rig(oneRule({ condition: '$v < 10' }, { for: 30, notify: 'ops' }));
    one.engine.take('a/1', '{"v":1}');
    one.clock.advance(29_000);
    one.engine.take('a/1', '{"v":20}');
    one.clock.advance(5000);
    one.engine.take('a/1', '{"v":1}');
    one.clock.advance(29_999);
    assert.deepEqual(said(one), []);
    one.clock.advance(1);
    assert.deepEqual(said(one), ['firing a/1']);
  });

  it('hysteresis: it is over only when the value has come back that far', () => {
    const one = rig(oneRule({ condition: '$v < 10', hysteresis: 2 }, { notify: 'ops' }));
    for (const v of [9, 11, 9, 11.9]) one.engine.take('a/1', `{"v":${v}}`);
    assert.deepEqual(said(one), ['firing a/1']);
    one.engine.take('a/1', '{"v":12}');
    assert.deepEqual(said(one), ['resolved a/1']);
    one.engine.take('a/1', '{"v":11}');
    assert.deepEqual(said(one), []);
  });

  it('hysteresis under not goes the other way', () => {
    const one = rig(oneRule({ condition: 'not $v > 10', hysteresis: 2 }, { notify: 'ops' }));
    for (const v of [9, 11]) one.engine.take('a/1', `{"v":${v}}`);
    assert.deepEqual(said(one), ['firing a/1']);
    one.engine.take('a/1', '{"v":12.1}');
    assert.deepEqual(said(one), ['resolved a/1']);
  });

  it('cooldown: not again before it is over; then, if it still holds', () => {
    const one = rig(oneRule({ condition: '$v < 10' }, { cooldown: 60, notify: 'ops' }));
    one.engine.take('a/1', '{"v":1}');
    one.engine.take('a/1', '{"v":20}');
    assert.deepEqual(said(one), ['firing a/1', 'resolved a/1']);
    one.clock.advance(10_000);
    one.engine.take('a/1', '{"v":1}');
    one.clock.advance(49_999);
    assert.deepEqual(said(one), []);
    one.clock.advance(1);
    assert.deepEqual(said(one), ['firing a/1']);
  });

  it('over several topic filters it is one subject; another rule that fires does not end it', () => {
    const file = {
      rules: [
        {
          statements: [
            { id: 1, topic: 'a/+', condition: '$v < 10' },
            { id: 2, topic: 'b', condition: '$w == 1' },
          ],
          logic: [{ operations: '$1 and $2', new_topic: 'out', new_payload: '', notify: 'ops' }],
        },
        {
          statements: [{ id: 3, topic: 'c', condition: '$x == 1' }],
          logic: [{ operations: '$3', new_topic: 'other', new_payload: '' }],
        },
      ],
    };
    const one = rig(file);
    one.engine.take('a/1', '{"v":1}');
    one.engine.take('c', '{"x":1}');
    one.engine.take('b', '{"w":1}');
    assert.deepEqual(said(one), ['firing ']);
    one.engine.take('a/2', '{"v":1}');
    one.engine.take('a/1', '{"v":20}');
    assert.deepEqual(said(one), []);
    one.engine.take('a/2', '{"v":20}');
    assert.deepEqual(said(one), ['resolved ']);
  });

  it('what was firing before a restart is not said again, and is over when it no longer holds', () => {
    const file = oneRule({ condition: '$v < 10', hysteresis: 2 }, { notify: 'ops' });
    const rule = rig(file).rules.logic[0]?.key ?? '';
    const one = rig(file, [{ rule, subject: 'a/1' }]);
    one.engine.take('a/1', '{"v":11}');
    one.engine.take('a/2', '{"v":11}');
    assert.deepEqual(said(one), []);
    one.engine.take('a/1', '{"v":30}');
    assert.deepEqual(said(one), ['resolved a/1']);
  });

  it('after a stop nothing fires', () => {
    const one = rig(oneRule({ condition: '$v < 10' }, { for: 30, notify: 'ops' }));
    one.engine.take('a/1', '{"v":1}');
    one.engine.stop();
    one.clock.advance(60_000);
    assert.deepEqual(said(one), []);
    assert.equal(one.clock.timers, 0);
  });

  it('messages that are long together are not held, and their alerts come all the same', () => {
    const one = rig(oneRule({ condition: '$v < 10' }, { notify: 'ops' }));
    const long = (v: number): string => JSON.stringify({ v, text: 'x'.repeat(1e6) });
    for (let index = 0; index < 20; index += 1) one.engine.take(`a/${index}`, long(1));
    assert.equal(one.engine.counts.notHeld, 12);
    assert.equal(one.alerts.at(-1)?.message.payload, '{"a/19":null}');
    for (let index = 0; index < 20; index += 1) one.engine.take(`a/${index}`, long(20));
    assert.deepEqual(said(one).length, 40);
    one.engine.take('a/0', long(1));
    assert.equal(one.engine.counts.notHeld, 12, 'there is room again');
    const fixed = rig(oneRule({ condition: '$v < 10' }, { notify: 'ops', new_payload: 'low' }));
    for (let index = 0; index < 20; index += 1) fixed.engine.take(`a/${index}`, long(1));
    assert.equal(fixed.engine.counts.notHeld, 0);
  });
});
