/** Who may: logins, sessions, tokens, roles, requests of other sites. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { Operation } from '../../web-service/api/operation.js';
import { OPERATIONS } from '../../web-service/api/operations.js';
import { quickHash } from '../support/quick-hash.js';
import { fill, givenWeb, jsonBody } from './given.js';

const PASSWORD = 'correct horse battery';

interface Login {
  cookie: string;
  csrf: string;
}

describe('web-service: who may', function () {
  this.timeout(60_000);
  const given = givenWeb({
    settings: { login: 'on' },
    prepare: async (store) => {
      await fill(store);
      const password = await quickHash(PASSWORD);
      for (const [name, role] of [
        ['ada', 'admin'],
        ['olga', 'operator'],
        ['vic', 'viewer'],
      ] as const)
        await store.addUser({ name, role, password, created_ms: 1 });
    },
  });

  const logIn = async (name: string, password = PASSWORD): Promise<Login> => {
    const response = await given().api('/session', jsonBody('POST', { name, password }));
    assert.equal(response.status, 200, await response.clone().text());
    const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';');
    const { csrf } = (await response.json()) as { csrf: string };
    return { cookie, csrf };
  };
  const as = ({ cookie, csrf }: Login): Record<string, string> => ({ cookie, 'x-csrf-token': csrf });
  const statusOf = async (path: string, init?: RequestInit): Promise<number> => {
    const response = await given().api(path, init);
    await response.arrayBuffer();
    return response.status;
  };

  it('without a login every operation but the session refuses', async () => {
    for (const [name, { method, path, role }] of Object.entries<Operation>(OPERATIONS)) {
      if (role === undefined) continue;
      const target = path.replaceAll(/\{\w+\}/g, '1');
      const init = method === 'GET' || method === 'DELETE' ? { method } : jsonBody(method, {});
      assert.equal(await statusOf(target, init), 401, name);
    }
    const { body } = await given().json('/session');
    assert.equal((body as { login_required: boolean }).login_required, true);
    assert.equal((body as { user?: unknown }).user, undefined);
  });

  it('the cookie is out of reach of scripts and of other sites', async () => {
    const response = await given().api('/session', jsonBody('POST', { name: 'vic', password: PASSWORD }));
    const cookie = response.headers.get('set-cookie') ?? '';
    for (const part of ['HttpOnly', 'SameSite=Lax', 'Path=/', 'Max-Age=86400'])
      assert.ok(cookie.includes(part), `${part} in ${cookie}`);
  });

  it('roles: a viewer reads, an operator changes boxes, an admin manages users', async () => {
    const [vic, olga, ada] = [await logIn('vic'), await logIn('olga'), await logIn('ada')];
    const change = (login: Login) => jsonBody('PATCH', { description: 'x' }, as(login));
    assert.equal(await statusOf('/boxes', { headers: as(vic) }), 200);
    assert.equal(await statusOf('/boxes/1', change(vic)), 403);
    assert.equal(await statusOf('/boxes/1', change(olga)), 200);
    assert.equal(await statusOf('/users', { headers: as(olga) }), 403);
    assert.equal(await statusOf('/users', { headers: as(ada) }), 200);
    for (const [name, { method, path, role }] of Object.entries<Operation>(OPERATIONS)) {
      if (role === undefined || role === 'viewer') continue;
      const target = path.replaceAll(/\{\w+\}/g, '1');
      const init =
        method === 'GET' || method === 'DELETE'
          ? { method, headers: as(vic) }
          : jsonBody(method, {}, as(vic));
      assert.equal(await statusOf(target, init), 403, name);
    }
  });

  it('a change needs the header against forged requests, and comes from no other site', async () => {
    const olga = await logIn('olga');
    const change = (headers: Record<string, string>) => jsonBody('PATCH', { description: 'y' }, headers);
    assert.equal(await statusOf('/boxes/1', change({ cookie: olga.cookie })), 403);
    assert.equal(await statusOf('/boxes/1', change({ ...as(olga), 'x-csrf-token': 'wrong' })), 403);
    assert.equal(await statusOf('/boxes/1', change({ ...as(olga), origin: 'https://evil.example' })), 403);
    assert.equal(await statusOf('/boxes/1', change({ ...as(olga), 'sec-fetch-site': 'cross-site' })), 403);
    const form = {
      method: 'POST',
      headers: { 'content-type': 'text/plain', ...as(olga) },
      body: '{"remark":"x"}',
    };
    assert.equal(await statusOf('/incidents/1/annotations', form), 415);
    assert.equal(await statusOf('/boxes/1', change(as(olga))), 200);
  });

  it('a log out ends the session, also of what was known of it a moment ago', async () => {
    const vic = await logIn('vic');
    assert.equal(await statusOf('/boxes', { headers: as(vic) }), 200);
    assert.equal(await statusOf('/session', { method: 'DELETE', headers: as(vic) }), 204);
    assert.equal(await statusOf('/boxes', { headers: as(vic) }), 401);
  });

  it('a new password ends the other sessions of the user, and the old one is needed for it', async () => {
    const [one, two] = [await logIn('vic'), await logIn('vic')];
    const wrong = { old_password: 'no', new_password: 'another password' };
    assert.equal(await statusOf('/session/password', jsonBody('POST', wrong, as(one))), 401);
    const right = { old_password: PASSWORD, new_password: 'another password' };
    assert.equal(await statusOf('/session/password', jsonBody('POST', right, as(one))), 204);
    assert.equal(await statusOf('/boxes', { headers: as(one) }), 200);
    assert.equal(await statusOf('/boxes', { headers: as(two) }), 401);
    await logIn('vic', 'another password');
  });

  it('tokens: a program works with one, as its user and no higher; it ends when it is removed, or with its user', async () => {
    const ada = await logIn('ada');
    const user = { name: 'robot', role: 'operator', password: PASSWORD };
    assert.equal(await statusOf('/users', jsonBody('POST', user, as(ada))), 201);
    assert.equal(await statusOf('/users', jsonBody('POST', user, as(ada))), 409);
    const robot = await logIn('robot');
    const made = await given().api('/tokens', jsonBody('POST', { name: 'script', role: 'admin' }, as(robot)));
    assert.equal(made.status, 201);
    const { role, secret, token_id } = (await made.json()) as {
      role: string;
      secret: string;
      token_id: string;
    };
    assert.equal(role, 'operator');
    const bearer = { authorization: `Bearer ${secret}` };
    assert.equal(await statusOf('/boxes', { headers: bearer }), 200);
    assert.equal(await statusOf('/boxes/1', jsonBody('PATCH', { description: 'z' }, bearer)), 200);
    assert.equal(await statusOf('/users', { headers: bearer }), 403);
    const { body } = await given().json('/tokens', { headers: as(robot) });
    assert.ok(!JSON.stringify(body).includes(secret.slice(6)));
    const vic = await logIn('olga');
    assert.equal(await statusOf(`/tokens/${token_id}`, { method: 'DELETE', headers: as(vic) }), 404);
    assert.equal(await statusOf('/users/robot', { method: 'DELETE', headers: as(ada) }), 204);
    assert.equal(await statusOf('/boxes', { headers: bearer }), 401);
  });

  it('what is no token or cookie of ours is nobody', async () => {
    for (const authorization of ['Bearer x', 'Basic YTpi', `Bearer makai_${'a'.repeat(43)}`, 'Bearer '])
      assert.equal(await statusOf('/boxes', { headers: { authorization } }), 401, authorization);
    for (const cookie of [
      'makai_session=',
      `makai_session=${'a'.repeat(43)}`,
      'makai_session="<>"',
      '=;=;;',
      'a'.repeat(9000),
    ])
      assert.equal(await statusOf('/boxes', { headers: { cookie } }), 401, cookie.slice(0, 40));
  });

  it('the last admin stays', async () => {
    const ada = await logIn('ada');
    assert.equal(await statusOf('/users/ada', { method: 'DELETE', headers: as(ada) }), 403);
    assert.equal(await statusOf('/users/ada', jsonBody('PATCH', { role: 'viewer' }, as(ada))), 403);
  });

  it('a wrong password says no more than that, and trying is slowed down', async () => {
    const unknown = await given().json('/session', jsonBody('POST', { name: 'nobody', password: 'x' }));
    const wrong = await given().json('/session', jsonBody('POST', { name: 'olga', password: 'x' }));
    assert.equal(unknown.status, 401);
    assert.deepEqual(unknown.body, wrong.body);
    const tries = await Promise.all(
      Array.from({ length: 25 }, () =>
        given().json('/session', jsonBody('POST', { name: 'eve', password: 'x' })),
      ),
    );
    const refused = tries.filter(({ status }) => status === 429);
    assert.ok(refused.some(({ body }) => JSON.stringify(body).includes('too many tries')));
    assert.ok(given().service.status().logins_throttled > 0);
  });
});

describe('web-service: without a login', function () {
  this.timeout(60_000);
  const given = givenWeb();

  /** fetch does not let a host be given. */
  const withHost = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request(`${given().base}/api/v1/boxes`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });

  it('a name of somebody else that is made to mean this machine gets nothing', async () => {
    assert.equal(await withHost('evil.example'), 403);
    assert.equal(await withHost('evil.example:80'), 403);
    const port = new URL(given().base).port;
    assert.equal(await withHost(`localhost:${port}`), 200);
    assert.equal(await withHost(`127.0.0.1:${port}`), 200);
  });

  it('another site cannot change anything', async () => {
    const headers = { origin: 'https://evil.example' };
    const response = await given().api('/boxes/1', jsonBody('PATCH', { description: 'x' }, headers));
    assert.equal(response.status, 403);
  });
});
