/** The web service behind nginx and Caddy, with the settings of docs/web.md: only names, ports, certificates and the place of the service are the test's. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { hashPassword } from '../../daemon/people/password.js';
import { certificates } from '../gateway/certificates.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';
import { fill, type GivenWeb, startWeb } from './given.js';

const PASSWORD = 'a long password';
const NAME = 'makai.example.org';
const GUIDE = readFileSync(join(PACKAGE_ROOT, 'docs/web.md'), 'utf8');

interface Place {
  folder: string;
  port: number;
  /** host and port of the service */
  service: string;
  cert: string;
  key: string;
}

/** The block of the guide below a heading, with other names for what the test has elsewhere. Each must be in it. */
function block(heading: string, changes: readonly (readonly [string, string])[]): string {
  const [, found = ''] =
    new RegExp(`### ${heading}\\n[\\s\\S]*?\`\`\`\\w*\\n([\\s\\S]*?)\`\`\``).exec(GUIDE) ?? [];
  return changes.reduce((text, [old, now]) => {
    assert.ok(text.includes(old), `${heading}: ${old} is not in docs/web.md`);
    return text.replaceAll(old, now);
  }, found);
}

const PROXIES = [
  {
    program: 'nginx',
    heading: 'Behind nginx',
    start({ cert, folder, key, port, service }: Place): string[] {
      const own = block('Behind nginx', [
        ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
        [`/etc/letsencrypt/live/${NAME}/fullchain.pem`, cert],
        [`/etc/letsencrypt/live/${NAME}/privkey.pem`, key],
        ['127.0.0.1:8088', service],
      ]);
      const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${join(folder, name)};`,
      );
      const file = join(folder, 'nginx.conf');
      writeFileSync(
        file,
        `daemon off; pid ${join(folder, 'pid')}; error_log ${join(folder, 'error.log')}; events {}\nhttp { access_log off; ${folders.join(' ')}\n${own}}\n`,
      );
      return ['-p', folder, '-c', file, '-e', join(folder, 'error.log')];
    },
  },
  {
    program: 'caddy',
    heading: 'Behind Caddy',
    start({ cert, folder, key, port, service }: Place): string[] {
      const own = block('Behind Caddy', [
        [`${NAME} {\n`, `https://${NAME}:${port} {\n\tbind 127.0.0.1\n\ttls ${cert} ${key}\n`],
        ['127.0.0.1:8088', service],
      ]);
      const file = join(folder, 'Caddyfile');
      writeFileSync(file, `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${own}`);
      return ['run', '--config', file, '--adapter', 'caddyfile'];
    },
  },
] as const;

interface Reply {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

for (const { heading, program, start } of PROXIES)
  describe(`web-service: ${heading.toLowerCase()}`, function () {
    this.timeout(300_000);
    let folder: string;
    let web: GivenWeb;
    let proxy: ChildProcess | undefined;
    let port: number;

    before(async function () {
      if (spawnSync(program, ['-v']).error !== undefined) {
        process.stderr.write(`SKIPPED: ${program} is not installed (scripts/debian-tools.txt)\n`);
        this.skip();
      }
      folder = await mkdtemp(join(tmpdir(), 'makai-proxy-'));
      const { server } = certificates(folder);
      // The processes of nginx that serve are another user's.
      execFileSync('chmod', ['755', folder]);
      web = await startWeb({
        settings: { login: 'on', behind_proxy: true },
        prepare: async (store) => {
          await fill(store);
          const password = await hashPassword(PASSWORD);
          await store.addUser({ name: 'ada', role: 'admin', password, created_ms: 1 });
        },
      });
      port = await freePort();
      const args = start({ folder, port, service: new URL(web.base).host, ...server });
      const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
      const child = spawn(program, args, { stdio: 'ignore', env });
      proxy = child;
      await until(`${program} serves`, async () => {
        assert.equal(child.exitCode, null, `${program} ended`);
        return ask('GET', '/healthz').then(
          ({ status }) => status === 200,
          () => false,
        );
      });
    });
    after(async () => {
      if (proxy !== undefined && proxy.exitCode === null) {
        proxy.kill();
        await once(proxy, 'exit');
      }
      await web?.service.stop();
      await web?.store.close();
      for (const one of [folder, web?.directory]) if (one !== undefined) await rm(one, { recursive: true });
    });

    const options = (method: string, path: string, headers: Record<string, string>) => ({
      ...{ method, path, host: '127.0.0.1', port, servername: NAME, rejectUnauthorized: false, agent: false },
      headers: { host: `${NAME}:${port}`, ...headers },
    });

    function ask(
      method: string,
      path: string,
      headers: Record<string, string> = {},
      body?: object,
    ): Promise<Reply> {
      const json = body === undefined ? {} : { 'content-type': 'application/json' };
      return new Promise((resolve, reject) => {
        const outgoing = request(options(method, path, { ...json, ...headers }), (response) => {
          let text = '';
          response.on('data', (piece: Buffer) => {
            text += piece.toString();
          });
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode, headers: response.headers, body: text }),
          );
        });
        outgoing.on('error', reject);
        outgoing.end(body === undefined ? undefined : JSON.stringify(body));
      });
    }
    const login = (password: string, headers: Record<string, string> = {}): Promise<Reply> =>
      ask('POST', '/api/v1/session', headers, { name: 'ada', password });

    it('a login is one over HTTPS, from the own site alone; live events come as they happen', async () => {
      assert.equal((await login(PASSWORD, { origin: 'https://elsewhere.example' })).status, 403);
      const { headers, status } = await login(PASSWORD, { origin: `https://${NAME}:${port}` });
      assert.equal(status, 200);
      const [cookie = ''] = headers['set-cookie'] ?? [];
      assert.match(cookie, /^__Host-makai_session=.*; Secure/);
      assert.match(String(headers['strict-transport-security']), /max-age/);
      const session = { cookie: cookie.split(';')[0] ?? '' };
      const { body } = await ask('GET', '/api/v1/boxes', session);
      assert.match(body, /cellar/);
      const events: string[] = [];
      const live = request(options('GET', '/api/v1/live', session), (response) => {
        response.on('data', (piece: Buffer) => events.push(piece.toString()));
        response.on('error', () => undefined);
      });
      live.on('error', () => undefined);
      live.end();
      await until('the first event', async () => events.join('').includes('event: hello'));
      live.destroy();
    });

    it('who tries passwords is known by the address that the proxy says, whatever the client claims', async () => {
      // Together: one after the other, tries come back as fast as a busy machine checks passwords.
      const tries = Array.from({ length: 60 }, (_, i) =>
        login('wrong', { 'x-forwarded-for': `203.0.113.${i}` }),
      );
      await Promise.any(tries.map(async (one) => assert.equal((await one).status, 429)));
      assert.equal((await login(PASSWORD, { 'x-forwarded-for': '203.0.113.200' })).status, 429);
      const admitted = (await Promise.all(tries)).filter(({ status }) => status !== 429);
      assert.ok(admitted.every(({ status }) => status === 401));
    });
  });
