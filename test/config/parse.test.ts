import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MakaiError } from '../../common/errors.js';
import { detectKind, KIND_NAMES, KINDS, type Kind } from '../../config/kinds.js';
import { parseConfig, tryConfig } from '../../config/parse.js';
import { runs } from '../support/property.js';

/** The smallest valid file of each daemon. */
const SMALLEST: Readonly<Record<Kind, Record<string, unknown>>> = {
  'triggering-broker': { client_certs: '/keys' },
  'acquisition-broker': { client_certs: '/keys' },
  'triggering-service': {},
  'analysis-service': {},
  'web-service': { listen: '127.0.0.1:8088' },
  gateway: { mqtt: {} },
};

/** The settings of existing files, v2 and v3. */
const FIELD_NAMES: Readonly<Record<Kind, string>> = {
  'triggering-broker': 'client_certs server_cert interface backend metric_update_sec mongo_host mongo_port',
  'acquisition-broker':
    'client_certs server_cert pub_key sec_key box_pub box_pull backend_pull backend_pub mongo_uri mongo_host mongo_port ' +
    'metric_update_sec zmq_event_endpoint zmq_event_id_endpoint ttl_cache_ttl identity',
  'triggering-service':
    'zmq_trigger_endpoint zmq_acquisition_endpoint mongo_host mongo_port mongo_measurement_expiration_seconds ' +
    'mongo_trends_update_interval_seconds event_request_expiration_window_ms plugins zmq_data_endpoint zmq_event_endpoint ' +
    'zmq_event_id_endpoint ttl_cache_ttl identity',
  'analysis-service': 'mongo_host mongo_port mongo_uri ttl_cache_ttl',
  'web-service': 'mongo_host mongo_port mongo_uri ttl_cache_ttl',
  gateway: 'mongo_host mongo_port mongo_uri ttl_cache_ttl',
};

describe('config/parse', () => {
  for (const kind of KIND_NAMES) {
    it(`${kind}: knows every field of both generations`, () => {
      for (const name of FIELD_NAMES[kind].split(' ')) assert.ok(name in KINDS[kind].schema.shape, name);
    });

    it(`${kind}: what it filled in is itself a sound file that says the same`, () => {
      const { identity, ...config } = { identity: 'a', ...parseConfig(kind, SMALLEST[kind]).fields };
      const again = { identity, ...parseConfig(kind, JSON.parse(JSON.stringify(config))).fields };
      assert.deepEqual({ ...again, identity }, { ...config, identity });
    });

    it(`${kind}: is found by its fields`, () => {
      const full = parseConfig(kind, SMALLEST[kind]).fields;
      assert.equal(detectKind(full), kind);
    });

    it(`${kind}: leaving out any fields that have defaults gives these defaults`, () => {
      const full: Record<string, unknown> = { ...parseConfig(kind, SMALLEST[kind]).fields };
      delete full.identity;
      const names = Object.keys(full).filter((name) => !(name in SMALLEST[kind]));
      fc.assert(
        fc.property(fc.subarray(names), (left) => {
          const some = Object.fromEntries(Object.entries(full).filter(([name]) => !left.includes(name)));
          const { identity: _identity, ...config } = { identity: '', ...parseConfig(kind, some).fields };
          assert.deepEqual(config, full);
        }),
        { numRuns: runs(50) },
      );
    });

    it(`${kind}: any JSON whatever is either a configuration or a list of mistakes`, () => {
      const names = Object.keys(KINDS[kind].schema.shape);
      const record = fc.dictionary(
        fc.oneof(fc.constantFrom(...names, '__proto__', 'constructor'), fc.string()),
        fc.jsonValue(),
      );
      fc.assert(
        fc.property(fc.oneof(fc.jsonValue(), record), (input) => {
          const parsed = tryConfig(kind, input);
          if (parsed.mistakes)
            assert.ok(parsed.mistakes.length > 0 && parsed.mistakes.every((m) => m.message.length < 1000));
        }),
        { numRuns: runs(300) },
      );
    });
  }

  it('is frozen all the way down', () => {
    const config = parseConfig('triggering-service', {
      plugins: [{ path: 'print', deep: { list: [1] } }],
    }).fields;
    assert.ok(
      Object.isFrozen(config) && Object.isFrozen(config.limits) && Object.isFrozen(config.plugins[0]?.deep),
    );
    assert.throws(() => Object.assign(config.limits, { boxes: 1 }), TypeError);
  });

  it('knows which settings the file names', () => {
    const { fields, named } = parseConfig('acquisition-broker', {
      client_certs: '/k',
      zmq_event_endpoint: 'tcp://*:10000',
    });
    assert.equal(named.has('zmq_event_endpoint'), true);
    assert.equal(named.has('zmq_event_id_endpoint'), false);
    assert.equal(fields.zmq_event_id_endpoint, 'tcp://127.0.0.1:10001');
  });

  it('makes an identity when the file has none, and another each time', () => {
    const [a, b] = [1, 2].map(() => parseConfig('triggering-service', {}).fields.identity);
    assert.match(a ?? '', /^[0-9a-f-]{36}$/);
    assert.notEqual(a, b);
  });

  it('hands the settings of plugins on as they are', () => {
    const entry = { path: 'mine.js', threshold: [{ a: null }], name: 'x' };
    assert.deepEqual(parseConfig('triggering-service', { plugins: [entry] }).fields.plugins, [entry]);
  });

  it('names the place and all mistakes in one error', () => {
    assert.throws(
      () =>
        parseConfig(
          'triggering-service',
          { ttl_cache_ttl: 0, zmq_trigger_endpoint: 'tcp://*:9881' },
          '/etc/x.json',
        ),
      (error: unknown) => {
        assert.ok(error instanceof MakaiError);
        assert.equal(error.code, 'CONFIG_INVALID');
        assert.match(
          error.message,
          /^\/etc\/x\.json has 2 mistakes:\n {2}zmq_trigger_endpoint: .+\n {2}ttl_cache_ttl: /,
        );
        assert.match(error.hint ?? '', /config check/);
        return true;
      },
    );
  });
});
