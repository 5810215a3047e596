/** Starting: addresses that others reach, TLS, a proxy, a port in use. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '../../daemon/people/password.js';
import { fill, type GivenWeb, jsonBody, startWeb } from './given.js';

describe('web-service: starting', function () {
  this.timeout(120_000);
  let folder: string;
  let web: GivenWeb | undefined;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'makai-web-tls-'));
  });
  afterEach(async () => {
    await web?.service.stop();
    await web?.store.close();
    if (web !== undefined) await rm(web.directory, { recursive: true });
    web = undefined;
  });
  after(async () => rm(folder, { recursive: true }));

  const certificate = (name: string): { cert: string; key: string } => {
    const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
    const args = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
    ];
    execFileSync('openssl', [...args, '-subj', `/CN=${name}`, '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    });
    return { cert, key };
  };
  const withUser = async (store: Parameters<typeof fill>[0]): Promise<void> => {
    await fill(store);
    await store.addUser({
      name: 'ada',
      role: 'admin',
      password: await hashPassword('0123456789'),
      created_ms: 1,
    });
  };
  /** Name in the certificate, status, headers. */
  const tlsGet = (base: string, path: string) =>
    new Promise<{ name: string; status: number | undefined; hsts: string | undefined }>((resolve, reject) => {
      request(`${base}${path}`, { rejectUnauthorized: false, agent: false }, (response) => {
        const socket = response.socket as import('node:tls').TLSSocket;
        const name = String(socket.getPeerCertificate().subject.CN);
        response.resume();
        response.on('end', () =>
          resolve({ name, status: response.statusCode, hsts: response.headers['strict-transport-security'] }),
        );
      })
        .on('error', reject)
        .end();
    });

  it('an address that others reach needs a user', async () => {
    const tls = certificate('first');
    const settings = { listen: '0.0.0.0:0', login: 'on', tls };
    await assert.rejects(startWeb({ settings }), { code: 'WEB_ADDRESS_OPEN' });
    await assert.rejects(startWeb({ settings: { login: 'on', behind_proxy: true } }), {
      code: 'WEB_ADDRESS_OPEN',
    });
    web = await startWeb({ settings, prepare: withUser });
    assert.match(web.base, /^https:/);
  });

  it('TLS: HSTS, a certificate that is renewed by a reload, no key that others can read', async () => {
    const tls = certificate('second');
    await chmod(tls.key, 0o644);
    await assert.rejects(startWeb({ settings: { tls, login: 'on' }, prepare: withUser }), {
      code: 'SECRET_EXPOSED',
    });
    await chmod(tls.key, 0o600);
    await assert.rejects(startWeb({ settings: { tls: { ...tls, cert: '/no/such' } } }), {
      code: 'CONFIG_UNREADABLE',
    });
    const settings = { tls, login: 'on' };
    web = await startWeb({ settings, prepare: withUser });
    const first = await tlsGet(web.base, '/healthz');
    assert.deepEqual([first.name, first.status], ['second', 200]);
    assert.match(first.hsts ?? '', /max-age=\d{7,}/);
    const renewed = certificate('third');
    execFileSync('cp', [renewed.cert, tls.cert]);
    execFileSync('cp', [renewed.key, tls.key]);
    const { parseSettings } = await import('../../config/parse.js');
    await web.service.reload(parseSettings('web-service', settings));
    assert.equal((await tlsGet(web.base, '/healthz')).name, 'third');
  });

  it('behind a proxy cookies are for HTTPS alone, and tries to log in are counted by the client', async () => {
    web = await startWeb({ settings: { login: 'on', behind_proxy: true }, prepare: withUser });
    const headers = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' };
    const response = await web.api(
      '/session',
      jsonBody('POST', { name: 'ada', password: '0123456789' }, headers),
    );
    assert.equal(response.status, 200);
    const cookie = response.headers.get('set-cookie') ?? '';
    assert.match(cookie, /^__Host-makai_session=/);
    assert.match(cookie, /; Secure/);
    assert.ok(response.headers.get('strict-transport-security'));
    for (let i = 0; i < 25; i += 1) {
      const from = { ...headers, 'x-forwarded-for': '203.0.113.8' };
      await web.api('/session', jsonBody('POST', { name: `user${i}`, password: 'x' }, from));
    }
    const other = await web.api(
      '/session',
      jsonBody('POST', { name: 'ada', password: '0123456789' }, headers),
    );
    assert.equal(other.status, 200, 'another client is not slowed down');
  });

  it('a port in use is said', async () => {
    web = await startWeb({});
    const { port } = new URL(web.base);
    await assert.rejects(startWeb({ settings: { listen: `127.0.0.1:${port}` } }), {
      code: 'ENDPOINT_IN_USE',
    });
  });
});
