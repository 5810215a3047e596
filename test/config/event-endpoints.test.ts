/** What the acquisition broker takes from the file of a v3 service beside its own. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../config/load.js';

describe('config/event-endpoints', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-endpoints-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (name: string, fields: object): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(fields));
    chmodSync(path, 0o600);
    return path;
  };
  const BROKER = { client_certs: '/k', box_pub: 'tcp://*:8194', box_pull: 'tcp://*:8196' };
  const SERVICE = { zmq_event_endpoint: 'tcp://*:10000', zmq_event_id_endpoint: 'tcp://*:10001' };

  it('holds as it stands there, with a warning, and counts as named', () => {
    file('makai.config.json', SERVICE);
    const { settings, warnings } = loadConfig('acquisition-broker', file('broker.json', BROKER), {});
    assert.deepEqual([settings.eventEndpoint, settings.eventIdEndpoint], ['tcp://*:10000', 'tcp://*:10001']);
    assert.ok(settings.file.named.has('zmq_event_endpoint'));
    for (const path of Object.keys(SERVICE))
      assert.match(
        warnings.find((warning) => warning.path === path)?.message ?? '',
        /taken from .*makai\.config\.json.*whoever/,
      );
  });

  it("gives way to the broker's own, and to its defaults where there is no such file", () => {
    const alone = loadConfig('acquisition-broker', file('broker.json', BROKER), {});
    assert.equal(alone.settings.eventEndpoint, 'tcp://127.0.0.1:10000');
    assert.deepEqual(alone.warnings, []);
    file('makai.conf', SERVICE);
    const own = {
      ...BROKER,
      zmq_event_endpoint: 'tcp://127.0.0.1:1234',
      zmq_event_id_endpoint: 'tcp://127.0.0.1:1235',
    };
    assert.equal(
      loadConfig('acquisition-broker', file('own.json', own), {}).settings.eventEndpoint,
      'tcp://127.0.0.1:1234',
    );
  });

  it('a service file that cannot be read does not stop the broker: a warning says what is not opened', () => {
    const broker = file('broker.json', BROKER);
    const service = join(folder, 'makai.conf');
    mkdirSync(service);
    const warningsOf = (): string[] =>
      loadConfig('acquisition-broker', broker, {}).warnings.map(({ message }) => message);
    assert.match(
      warningsOf()[0] ?? '',
      /makai\.conf cannot be read: .*zmq_event_endpoint and zmq_event_id_endpoint/,
    );
    rmSync(service, { recursive: true });
    writeFileSync(service, '{ "zmq_event_endpoint": ');
    assert.match(warningsOf()[0] ?? '', /makai\.conf is not valid JSON: line 1.*is not opened/);
    const { settings, warnings } = loadConfig('acquisition-broker', undefined, {
      ACQUISITION_BROKER_SETTINGS: JSON.stringify(BROKER),
      MAKAI_SETTINGS: '{ "mongo_uri": "mongodb://user:secret@host',
    });
    assert.equal(settings.eventEndpoint, 'tcp://127.0.0.1:10000');
    assert.match(warnings[0]?.message ?? '', /^MAKAI_SETTINGS is not valid JSON/);
    assert.ok(!JSON.stringify(warnings).includes('secret'));
  });

  it('comes from the environment where the broker does', () => {
    const { settings } = loadConfig('acquisition-broker', undefined, {
      ACQUISITION_BROKER_SETTINGS: JSON.stringify(BROKER),
      MAKAI_SETTINGS: JSON.stringify(SERVICE),
    });
    assert.equal(settings.eventIdEndpoint, 'tcp://*:10001');
  });

  it('a default path of v2 is found when there is none of ours, and the log says so', () => {
    const broker = { client_certs: '/k', interface: 'tcp://*:9880', backend: 'tcp://127.0.0.1:9881' };
    const root = mkdtempSync(join(folder, 'root-'));
    const at = join(root, 'etc', 'opq');
    mkdirSync(at, { recursive: true });
    const path = join(at, 'triggering_broker_config.json');
    writeFileSync(path, JSON.stringify(broker));
    const { source, warnings } = loadConfig('triggering-broker', undefined, {}, root);
    assert.equal(source, path);
    assert.match(warnings.at(-1)?.message ?? '', /no \/etc\/opq\/triggering_broker\.json/);
    writeFileSync(join(at, 'makai.json'), JSON.stringify(SERVICE));
    assert.equal(loadConfig('triggering-service', undefined, {}, root).source, join(at, 'makai.json'));
  });
});
