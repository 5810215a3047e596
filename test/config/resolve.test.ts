import assert from 'node:assert/strict';
import { exampleConfig } from '../../config/example.js';
import { KIND_NAMES, type Kind } from '../../config/kinds.js';
import { parseSettings } from '../../config/parse.js';

const PAIR = {
  pub_key: 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID',
  sec_key: 'D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs',
};

describe('config/resolve', () => {
  const service = (fields: Record<string, unknown>) => parseSettings('triggering-service', fields);
  const broker = (fields: Record<string, unknown>) =>
    parseSettings('acquisition-broker', { client_certs: '/k', ...fields });

  it('store: store, then mongo_uri, then host and port, then SQLite', () => {
    const uri = { mongo_uri: 'mongodb://a:1' };
    const host = { mongo_host: 'b', mongo_port: 2 };
    assert.equal(service({ store: 'sqlite:/x.db', ...uri, ...host }).storeUrl, 'sqlite:/x.db');
    assert.equal(service({ ...uri, ...host }).storeUrl, 'mongodb://a:1');
    assert.equal(service(host).storeUrl, 'mongodb://b:2/opq');
    assert.equal(service({ mongo_host: 'b' }).storeUrl, 'mongodb://b:27017/opq');
    assert.equal(service({ mongo_port: 3 }).storeUrl, 'mongodb://localhost:3/opq');
    assert.equal(service({ mongo_host: '::1' }).storeUrl, 'mongodb://[::1]:27017/opq');
    assert.equal(service({}).storeUrl, 'sqlite:/var/lib/opq/makai.db');
  });

  it('retention: what is not given is kept for good', () => {
    assert.deepEqual(service({}).retention, { mode: 'ttl', measurementsSeconds: 86_400 });
    assert.deepEqual(service({ retention: 'laha', mongo_trends_expiration_seconds: 5 }).retention, {
      mode: 'laha',
      measurementsSeconds: 86_400,
      trendsSeconds: 5,
    });
    assert.deepEqual(broker({ mongo_events_expiration_seconds: 6 }).retention, {
      mode: 'ttl',
      measurementsSeconds: 86_400,
      eventsSeconds: 6,
    });
  });

  it('the examples of both brokers admit keys of the folder and of the store, where the page writes them', () => {
    for (const kind of ['triggering-broker', 'acquisition-broker'] as const)
      assert.deepEqual(parseSettings(kind, { ...exampleConfig(kind) }).allow, {
        any: false,
        store: true,
        directory: '/etc/opq/curve/public_keys',
      });
    const [broker, web] = [exampleConfig('triggering-broker'), exampleConfig('web-service')];
    assert.deepEqual([broker.store, web.client_certs], [web.store, undefined]);
  });

  it('allow-list: folder, store, both or everyone', () => {
    const list = (fields: Record<string, unknown>) =>
      parseSettings('acquisition-broker', { ...fields }).allow;
    assert.deepEqual(list({ client_certs: '/k' }), { any: false, store: false, directory: '/k' });
    assert.deepEqual(list({ client_certs: '/k', white_list: false }), {
      any: false,
      store: false,
      directory: '/k',
    });
    assert.deepEqual(list({ client_certs: '/k', white_list: 'both' }), {
      any: false,
      store: true,
      directory: '/k',
    });
    // v2 brokers read the keys in the store: a file that names one means both.
    assert.deepEqual(list({ client_certs: '/k', mongo_uri: 'mongodb://h/opq' }), {
      any: false,
      store: true,
      directory: '/k',
    });
    assert.deepEqual(list({ client_certs: '/k', mongo_host: 'h', white_list: 'directory' }), {
      any: false,
      store: false,
      directory: '/k',
    });
    assert.deepEqual(list({ client_certs: '/k', white_list: 'store' }), { any: false, store: true });
    assert.deepEqual(list({ white_list: true }), { any: false, store: true });
    // Who is revoked in the folder stays out also then.
    for (const white_list of ['directory', 'store', 'both'])
      assert.deepEqual(list({ client_certs: '/k', allow_any_client: true, white_list }), {
        any: true,
        store: false,
        directory: '/k',
      });
    assert.deepEqual(list({ allow_any_client: true }), { any: true, store: false });
  });

  it('server key: a file that is named wins over keys in the configuration, those over the usual place', () => {
    assert.deepEqual(broker({ ...PAIR, server_cert: '/s' }).serverKey, { file: '/s' });
    assert.deepEqual(broker(PAIR).serverKey, {
      publicKey: PAIR.pub_key,
      secretKey: PAIR.sec_key,
    });
    assert.deepEqual(broker({}).serverKey, {
      file: '/etc/opq/curve/private_keys/opqserver_secret',
    });
  });

  it('units and groups: milliseconds, and camelCase inside groups too', () => {
    const settings = service({
      mongo_trends_update_interval_seconds: 30,
      limits: { requests_burst: 7 },
      plugin_limits: { memory_mb: 9 },
      plugins: [{ path: 'print', own_setting: 1 }],
    });
    assert.equal(settings.trendWindowMs, 30_000);
    assert.deepEqual([settings.limits.requestsBurst, settings.pluginLimits.memoryMb], [7, 9]);
    assert.deepEqual(settings.plugins, [{ path: 'print', own_setting: 1 }], 'plugins get their own names');
  });

  it('the status server: an address or none, and whether the file names it', () => {
    assert.deepEqual(service({}).status, { address: { host: '127.0.0.1', port: 9892 }, isNamed: false });
    assert.deepEqual(service({ status: 'off' }).status, { address: undefined, isNamed: true });
  });

  it('triggering brokers: each once, also where the first is named among the further ones', () => {
    const [first, second] = ['tcp://a.example:9881', 'tcp://b.example:9881'];
    const fields = { zmq_trigger_endpoint: first, further_trigger_endpoints: [second, first, second] };
    for (const kind of ['triggering-service', 'analysis-service', 'web-service', 'gateway'] as const)
      assert.deepEqual(parseSettings(kind, fields).triggerEndpoints, [first, second]);
  });

  for (const kind of KIND_NAMES) {
    it(`${kind}: settings are frozen, and have no undefined endpoint or limit`, () => {
      const settings = parseSettings(
        kind as Kind,
        kind === 'analysis-service' || kind === 'web-service' || kind === 'gateway'
          ? {}
          : { client_certs: '/k' },
      );
      const limits = 'limits' in settings ? settings.limits : Object.freeze({});
      assert.ok(Object.isFrozen(settings) && Object.isFrozen(limits) && Object.isFrozen(settings.file));
      for (const value of Object.values(limits)) assert.equal(typeof value, 'number');
      assert.throws(() => Object.assign(settings, { storeUrl: 'x' }), TypeError);
    });
  }
});
