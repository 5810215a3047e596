/** What becomes of a meter's message: units, paths, times, and everything that is none. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isMeterTopic, nameIn, stepsOf } from '../../../config/meter-topics.js';
import { parseSettings } from '../../../config/parse.js';
import type { MeterTopic } from '../../../config/settings.js';
import { MAX_METER_BYTES, readMeter } from '../../../gateway/meters/reading.js';
import { silenceOf } from '../../../gateway/meters/silence.js';

const NOW = 1_795_315_200_000;

function mapping(fields: Record<string, unknown>): MeterTopic {
  const settings = parseSettings('gateway', { meters: { topics: [{ topic: 'm/{name}', ...fields }] } });
  const [topic] = settings.meters?.topics ?? [];
  if (topic === undefined) throw new Error('no topic');
  return topic;
}

const V = { voltage: { path: 'v' } };
const read = (fields: Record<string, unknown>, payload: string | Buffer) =>
  readMeter(mapping(fields), Buffer.from(payload), NOW);

describe('meters: readings', () => {
  for (const [name, fields, payload, expected] of [
    [
      'Tasmota',
      { voltage: { path: 'ENERGY.Voltage' } },
      '{"Time":"2026-11-22T12:00:00","ENERGY":{"Power":12,"Voltage":231}}',
      { voltage: 231 },
    ],
    [
      'Tasmota with three phases',
      { voltage: { path: 'ENERGY.Voltage.2' } },
      '{"ENERGY":{"Voltage":[230,231,229]}}',
      { voltage: 229 },
    ],
    [
      'zigbee2mqtt',
      { voltage: { path: 'voltage' }, frequency: { path: 'ac_frequency' } },
      '{"ac_frequency":49.98,"linkquality":87,"voltage":230.4,"state":"ON"}',
      { voltage: 230.4, frequency: 49.98 },
    ],
    [
      'Shelly of the second generation',
      { voltage: { path: 'a_voltage' }, frequency: { path: 'a_freq' } },
      '{"id":0,"a_voltage":229.9,"a_freq":50,"b_voltage":null}',
      { voltage: 229.9, frequency: 50 },
    ],
    ['a payload that is a number', { voltage: { path: '' } }, '230.12', { voltage: 230.12 }],
    [
      'millivolts, millihertz, percent',
      {
        voltage: { path: 'v', unit: 'mV' },
        frequency: { path: 'f', unit: 'mHz' },
        thd: { path: 't', unit: '%' },
      },
      '{"v":120500,"f":60010,"t":2.5}',
      { voltage: 120.5, frequency: 60.01, thd: 0.025 },
    ],
    ['kilovolts', { voltage: { path: 'v', unit: 'kV' } }, '{"v":10.2}', { voltage: 10_200 }],
    [
      'what is missing or null is left out',
      { ...V, frequency: { path: 'f' }, thd: { path: 'x.y.z' } },
      '{"v":1,"f":null}',
      { voltage: 1 },
    ],
    ['0 V is a measurement', V, '{"v":0}', { voltage: 0 }],
    [
      'its own time, in seconds',
      { ...V, time: { path: 't', unit: 's' } },
      `{"v":1,"t":${NOW / 1000 - 5}}`,
      { voltage: 1, timestampMs: NOW - 5000 },
    ],
    [
      'its own time, in ms',
      { ...V, time: { path: 'at.0' } },
      `{"v":1,"at":[${NOW - 1.4}]}`,
      { voltage: 1, timestampMs: NOW - 1 },
    ],
    [
      'its own time, with a zone',
      { ...V, time: { path: 't', unit: 'iso' } },
      `{"v":1,"t":"${new Date(NOW - 7000).toISOString().replace('Z', '+00:00')}"}`,
      { voltage: 1, timestampMs: NOW - 7000 },
    ],
  ] as const)
    it(name, () => {
      const found = read(fields, payload);
      assert.ok('reading' in found, JSON.stringify(found));
      const rounded = Object.fromEntries(
        Object.entries(found.reading).map(([key, value]) => [key, Number(value.toPrecision(15))]),
      );
      assert.deepEqual(rounded, { timestampMs: NOW, ...expected });
    });

  const T = { ...V, time: { path: 't', unit: 's' } };
  const ISO = { ...V, time: { path: 't', unit: 'iso' } };
  for (const [payload, refused, fields = V] of [
    ['', 'meter_no_json'],
    ['{', 'meter_no_json'],
    ['NaN', 'meter_no_json'],
    ['{"v":NaN}', 'meter_no_json'],
    ['{"v":1,}', 'meter_no_json'],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'meter_no_json'],
    [`{"v":1,"x":"${'x'.repeat(MAX_METER_BYTES)}"}`, 'meter_too_long'],
    [Buffer.alloc(10 * 2 ** 20, 0x20), 'meter_too_long'],
    ['{}', 'meter_no_values'],
    ['null', 'meter_no_values'],
    ['[1]', 'meter_no_values'],
    ['"v"', 'meter_no_values'],
    ['{"v":null}', 'meter_no_values'],
    ['{"v":1}', 'meter_no_values', { voltage: { path: 'v.toString' } }],
    ['{"v":"x"}', 'meter_no_values', { voltage: { path: 'v.length' } }],
    ['{"v":"230"}', 'meter_wrong_type'],
    ['{"v":true}', 'meter_wrong_type'],
    ['{"v":{}}', 'meter_wrong_type'],
    ['{"v":1e999}', 'meter_wrong_type'],
    ['{"v":-1}', 'meter_out_of_range'],
    ['{"v":1e7}', 'meter_out_of_range'],
    // A sensor with a battery, in mV, under the topic of the plugs.
    ['{"v":3005}', 'meter_out_of_range', { ...V, nominal_voltage: 230 }],
    ['{"v":230,"f":0}', 'meter_out_of_range', { ...V, frequency: { path: 'f' } }],
    ['{"v":230,"t":1001}', 'meter_out_of_range', { ...V, thd: { path: 't', unit: '%' } }],
    ['{"v":1}', 'meter_time', T],
    ['{"v":1,"t":"x"}', 'meter_time', T],
    ['{"v":1,"t":1e300}', 'meter_time', T],
    [`{"v":1,"t":${NOW / 1000 + 301}}`, 'meter_time', T],
    [`{"v":1,"t":${NOW / 1000 - 86_401}}`, 'meter_time', T],
    ['{"v":1,"t":"2026-11-22T12:00:00"}', 'meter_time', ISO],
    ['{"v":1,"t":"yesterday Z"}', 'meter_time', ISO],
  ] as const)
    it(`${refused}: ${String(payload).slice(0, 40)} ${JSON.stringify(fields).slice(0, 60)}`, () => {
      const found = read(fields, typeof payload === 'string' ? payload : Buffer.from(payload));
      assert.equal('refused' in found ? found.refused : JSON.stringify(found), refused);
    });

  it('any JSON is a measurement within limits, or refused', () => {
    const topic = mapping({ ...V, frequency: { path: 'a.b' }, thd: { path: '0' } });
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom('v', 'a', '0', '__proto__'), fc.jsonValue())),
        (value) => {
          const found = readMeter(topic, Buffer.from(JSON.stringify(value)), NOW);
          if ('refused' in found) return;
          const { voltage = 0, frequency = 50, thd = 0 } = found.reading;
          assert.ok(
            voltage >= 0 && voltage <= 1e6 && frequency >= 1 && frequency <= 1000 && thd >= 0 && thd <= 10,
          );
          assert.ok(Object.keys(found.reading).length > 1);
        },
      ),
    );
    assert.equal(Reflect.get({}, 'v'), undefined);
  });
});

describe('meters: topics', () => {
  it('{name} is one level', () => {
    for (const [topic, good] of [
      ['tele/{name}/SENSOR', true],
      ['{name}', true],
      ['a/+/{name}/#', true],
      ['a/b', true],
      ['{name}/{name}', false],
      ['a{name}', false],
      ['', false],
      ['a/#/{name}', false],
    ] as const)
      assert.equal(isMeterTopic(topic), good, topic);
    assert.equal(nameIn('tele/{name}/SENSOR', 'tele/kitchen/SENSOR'), 'kitchen');
    assert.equal(nameIn('tele/{name}/SENSOR', 'tele/a/b/SENSOR'), undefined);
    assert.equal(nameIn('+/{name}/#', 'x/y/z/a'), 'y');
    assert.equal(nameIn('a/b', 'a/b'), '');
    assert.equal(nameIn('{name}', '$SYS'), undefined);
  });

  it('paths', () => {
    assert.deepEqual(stepsOf('a.0.b'), ['a', '0', 'b']);
    assert.deepEqual(stepsOf(''), []);
    for (const wrong of [
      '.',
      'a.',
      'a..b',
      '__proto__',
      'a.constructor',
      'prototype.x',
      `${'a.'.repeat(11)}a`,
    ])
      assert.equal(stepsOf(wrong), undefined, wrong);
  });

  const check = (meters: unknown) => () => parseSettings('gateway', { meters });
  for (const [name, meters, message] of [
    ['no topics', {}, /meters\.topics/],
    ['null', null, /meters/],
    ['topics that are no list', { topics: 7 }, /meters\.topics/],
    ['a list of nothing', { topics: [null] }, /meters\.topics/],
    [
      'our own topic',
      { topics: [{ topic: 'makai/boxes/{name}/measurement', ...V }] },
      /topic of another program/,
    ],
    ['our own topics', { topics: [{ topic: 'makai/#', name: 'x', ...V }] }, /topic of another program/],
    ['a topic of rules', { topics: [{ topic: '!x/{name}', ...V }] }, /topic of another program/],
    ['no name', { topics: [{ topic: 'a/+', ...V }] }, /\{name\}/],
    ['two names', { topics: [{ topic: '{name}/{name}', ...V }] }, /topics/],
    ['no values', { topics: [{ topic: 'a/{name}' }] }, /"voltage", "frequency" or "thd"/],
    ['a prototype in a path', { topics: [{ topic: 'a/{name}', voltage: { path: '__proto__.v' } }] }, /path/],
    [
      'an unknown unit',
      { topics: [{ topic: 'a/{name}', voltage: { path: 'v', unit: 'A' } }] },
      /"V" or "mV"/,
    ],
    ['an unknown setting', { topics: [{ topic: 'a/{name}', ...V, ampere: {} }] }, /ampere/],
    [
      'a nominal voltage that is none',
      { topics: [{ topic: 'a/{name}', ...V, nominal_voltage: -1 }] },
      /nominal_voltage/,
    ],
  ] as const)
    it(`the configuration is refused: ${name}`, () => {
      assert.throws(check(meters), (error: Error) => message.test(error.message));
    });

  it('how long a meter may be silent is that of the mappings that could have made its name', () => {
    const topic = (name: string, silentMs: number) => ({ ...mapping(V), name, silentMs });
    const topics = [topic('shelly {name}', 1000), topic('{name} A', 2000), topic('cellar', 3000)];
    assert.deepEqual(
      ['shelly 1', 'x A', 'cellar', 'shelly 1 A', 'roof', 'shelly '].map((name) => silenceOf(name, topics)),
      [1000, 2000, 3000, 2000, undefined, undefined],
    );
    assert.equal(silenceOf('cellar', [...topics, topic('{name}', 0)]), 0);
  });
});
