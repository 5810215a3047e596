/** Who could reach the page without a login: refused from the file alone. */
import assert from 'node:assert/strict';
import { parseSettings, tryConfig } from '../../config/parse.js';

describe('config: the web service', () => {
  const mistakes = (fields: Record<string, unknown>): string[] =>
    (tryConfig('web-service', fields).mistakes ?? []).map(({ path }) => path);
  const tls = { cert: '/c.pem', key: '/k.pem' };

  it('loopback needs nothing, an open address TLS or a proxy, and there always a login', () => {
    for (const listen of ['127.0.0.1:1', '[::1]:1', 'localhost:1', '127.9.9.9:1']) {
      assert.deepEqual(mistakes({ listen }), [], listen);
      assert.deepEqual(mistakes({ listen, login: 'off' }), [], listen);
    }
    for (const listen of [
      '0.0.0.0:1',
      '*:1',
      '[::]:1',
      'makai.example.org:1',
      '192.168.1.2:1',
      '127.0.0.1.example.org:1',
    ]) {
      assert.deepEqual(mistakes({ listen }), ['listen'], listen);
      assert.deepEqual(mistakes({ listen, tls }), [], listen);
      assert.deepEqual(mistakes({ listen, behind_proxy: true }), [], listen);
      assert.deepEqual(mistakes({ listen, tls, login: 'off' }), ['login'], listen);
    }
    assert.deepEqual(mistakes({ behind_proxy: true, login: 'off' }), ['login']);
    for (const listen of ['', '8088', 'unix:/run/x', 'a:b', '1.2.3.4:99999'])
      assert.deepEqual(mistakes({ listen }).slice(0, 1), ['listen'], listen);
  });

  it('map tiles are an address with z, x and y, and nothing that leaves its header', () => {
    assert.deepEqual(mistakes({ map_tiles: 'https://{s}.tiles.example.org/{z}/{x}/{y}.png' }), []);
    for (const map_tiles of [
      '',
      'https://tiles.example.org/',
      'javascript:alert(1)/{z}',
      "https://a.example/{z}; script-src 'unsafe-inline'",
    ])
      assert.deepEqual(mistakes({ map_tiles }), ['map_tiles'], map_tiles);
  });

  it('settings say what follows from them', () => {
    const { isLoopback, listen, login } = parseSettings('web-service', { listen: '[::1]:8088' });
    assert.deepEqual([isLoopback, login, listen], [true, true, { host: '::1', port: 8088 }]);
  });
});
