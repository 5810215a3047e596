import assert from 'node:assert/strict';
import { allowListOf, retentionOf, serverKeyOf, storeUrl } from '../../config/derived.js';
import { parseConfig } from '../../config/parse.js';

const PAIR = {
  pub_key: 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID',
  sec_key: 'D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs',
};

describe('config/derived', () => {
  const service = (fields: Record<string, unknown>) => parseConfig('triggering-service', fields);
  const broker = (fields: Record<string, unknown>) => parseConfig('acquisition-broker', fields);

  it('store: store, then mongo_uri, then host and port, then SQLite', () => {
    const uri = { mongo_uri: 'mongodb://a:1' };
    const host = { mongo_host: 'b', mongo_port: 2 };
    assert.equal(storeUrl(service({ store: 'sqlite:/x.db', ...uri, ...host })), 'sqlite:/x.db');
    assert.equal(storeUrl(service({ ...uri, ...host })), 'mongodb://a:1');
    assert.equal(storeUrl(service(host)), 'mongodb://b:2/opq');
    assert.equal(storeUrl(service({ mongo_host: 'b' })), 'mongodb://b:27017/opq');
    assert.equal(storeUrl(service({ mongo_port: 3 })), 'mongodb://localhost:3/opq');
    assert.equal(storeUrl(service({ mongo_host: '::1' })), 'mongodb://[::1]:27017/opq');
    assert.equal(storeUrl(service({})), 'sqlite:/var/lib/opq/makai.db');
  });

  it('retention: what is not given is kept for good', () => {
    assert.deepEqual(retentionOf(service({})), { mode: 'ttl', measurementsSeconds: 86_400 });
    const fields = {
      retention: 'laha',
      mongo_trends_expiration_seconds: 5,
      mongo_events_expiration_seconds: 6,
    };
    assert.deepEqual(retentionOf(service(fields)), {
      mode: 'laha',
      measurementsSeconds: 86_400,
      trendsSeconds: 5,
      eventsSeconds: 6,
    });
  });

  it('allow-list: folder, store, both or everyone', () => {
    const list = (fields: Record<string, unknown>) => allowListOf(broker(fields));
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
    assert.deepEqual(serverKeyOf(broker({ client_certs: '/k', ...PAIR, server_cert: '/s' })), { file: '/s' });
    assert.deepEqual(serverKeyOf(broker({ client_certs: '/k', ...PAIR })), {
      publicKey: PAIR.pub_key,
      secretKey: PAIR.sec_key,
    });
    assert.deepEqual(serverKeyOf(broker({ client_certs: '/k' })), {
      file: '/etc/opq/curve/private_keys/opqserver_secret',
    });
  });
});
