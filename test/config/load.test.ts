import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MakaiError } from '../../common/errors.js';
import { loadConfig } from '../../config/load.js';

describe('config/load', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-load-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function file(name: string, text: string, mode = 0o600): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }

  const code = (expected: string, message: RegExp) => (error: unknown) =>
    error instanceof MakaiError && error.code === expected && message.test(error.message);

  it('takes the path argument before the environment variable', () => {
    const path = file('a.json', '{"ttl_cache_ttl": 2}', 0o644);
    const loaded = loadConfig('triggering-service', path, { MAKAI_SETTINGS: '{"ttl_cache_ttl": 3}' });
    assert.deepEqual([loaded.settings.lahaConfigSeconds, loaded.source], [2, path]);
  });

  it('takes the environment variable, which holds the JSON, before the default path', () => {
    const loaded = loadConfig('triggering-service', undefined, { MAKAI_SETTINGS: ' {"ttl_cache_ttl": 3}\n' });
    assert.deepEqual([loaded.settings.lahaConfigSeconds, loaded.source], [3, 'MAKAI_SETTINGS']);
  });

  it('skips a byte order mark', () => {
    assert.equal(
      loadConfig('triggering-service', file('bom.json', '\uFEFF{"ttl_cache_ttl":4}'), {}).settings
        .lahaConfigSeconds,
      4,
    );
  });

  it('names variable and place of what is wrong in the environment', () => {
    assert.throws(
      () =>
        loadConfig('triggering-broker', undefined, { TRIGGERING_BROKER_SETTINGS: '{"interface":\n 9880,}' }),
      code('CONFIG_UNREADABLE', /^TRIGGERING_BROKER_SETTINGS is not valid JSON: line 2, column 7/),
    );
    assert.throws(
      () => loadConfig('acquisition-broker', undefined, { ACQUISITION_BROKER_SETTINGS: '{"box_pub": 1}' }),
      code('CONFIG_INVALID', /^ACQUISITION_BROKER_SETTINGS has 2 mistakes/),
    );
  });

  it('says which file is missing, a folder, or far too long', () => {
    assert.throws(
      () => loadConfig('triggering-service', join(folder, 'none.json'), {}),
      code('CONFIG_UNREADABLE', /none\.json cannot be read: ENOENT/),
    );
    assert.throws(
      () => loadConfig('triggering-service', folder, {}),
      code('CONFIG_UNREADABLE', /cannot be read/),
    );
    const long = file('long.json', `"${'x'.repeat(5_000_000)}"`);
    assert.throws(
      () => loadConfig('triggering-service', long, {}),
      code('CONFIG_UNREADABLE', /5000002 bytes/),
    );
  });

  it('refuses a file with a secret that other users can read, and only that', () => {
    const withPassword = '{"mongo_uri": "mongodb://user:SECRET@db"}';
    for (const mode of [0o604, 0o602, 0o666]) {
      const path = file(`open-${mode}.json`, withPassword, mode);
      assert.throws(
        () => loadConfig('triggering-service', path, {}),
        (error) => code('SECRET_EXPOSED', /mode 0[0-7]{3}/)(error) && !/SECRET@/.test(String(error)),
      );
    }
    const unused = file(
      'unused.json',
      '{"store": "sqlite:x.db", "mongo_uri": "mongodb://user:SECRET@db"}',
      0o644,
    );
    assert.throws(() => loadConfig('triggering-service', unused, {}), code('SECRET_EXPOSED', /mode/));
    loadConfig('triggering-service', file('group.json', withPassword, 0o640), {});
    loadConfig('triggering-service', file('plain.json', '{"mongo_uri": "mongodb://db"}', 0o644), {});
  });

  it('gives the warnings along', () => {
    const { warnings } = loadConfig('triggering-service', undefined, {
      MAKAI_SETTINGS: '{"zmq_acquisition_endpoint": "tcp://127.0.0.1:9881"}',
    });
    assert.deepEqual(
      warnings.map((warning) => [warning.severity, warning.path]),
      [['warning', 'zmq_acquisition_endpoint']],
    );
  });
});
