/** What admins change of users, and what users change of themselves. */
import assert from 'node:assert/strict';
import { systemClock } from '../../common/clock.js';
import { MakaiError } from '../../common/errors.js';
import { silentLogger } from '../../common/log.js';
import { Rejections } from '../../common/rejections.js';
import { Access } from '../../web-service/access/access.js';
import { createServer } from '../../web-service/http/server.js';
import { userHandlers } from '../../web-service/operations/users.js';
import type { Services } from '../../web-service/services.js';
import { quickHash } from '../support/quick-hash.js';
import { fill, givenWeb, jsonBody } from './given.js';

const PASSWORD = 'correct horse battery';

describe('web-service: changes of users', function () {
  this.timeout(60_000);
  const given = givenWeb({
    settings: { login: 'on' },
    prepare: async (store) => {
      await fill(store);
      const password = await quickHash(PASSWORD);
      for (const [name, role] of [
        ['ada', 'admin'],
        ['bob', 'admin'],
        ['olga', 'operator'],
      ] as const)
        await store.addUser({ name, role, password, created_ms: 1 });
    },
  });
  const logIn = async (name: string): Promise<Record<string, string>> => {
    const response = await given().api('/session', jsonBody('POST', { name, password: PASSWORD }));
    assert.equal(response.status, 200, await response.clone().text());
    const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';');
    const { csrf } = (await response.json()) as { csrf: string };
    return { cookie, 'x-csrf-token': csrf };
  };
  const statusOf = async (path: string, init?: RequestInit): Promise<number> =>
    (await given().json(path, init)).status;

  it('a new password leaves the role as it is in the store', async () => {
    const [ada, olga] = [await logIn('ada'), await logIn('olga')];
    const change = { old_password: PASSWORD, new_password: 'another password' };
    // While the passwords are hashed, an admin takes the role away.
    const changing = statusOf('/session/password', jsonBody('POST', change, olga));
    await given().store.changeUser({ name: 'olga', role: 'viewer' });
    assert.equal(await changing, 204);
    assert.equal((await given().store.user('olga'))?.role, 'viewer');
    assert.equal(
      await statusOf('/users/olga', jsonBody('PATCH', { password: 'a third password' }, ada)),
      200,
    );
    assert.equal((await given().store.user('olga'))?.role, 'viewer');
    assert.equal(await statusOf('/users/nobody', jsonBody('PATCH', { role: 'viewer' }, ada)), 404);
    assert.equal(await statusOf('/users/nobody', { method: 'DELETE', headers: ada }), 404);
  });

  it('passwords, tokens and remarks are in the audit log, without what is secret', async () => {
    const { store } = given();
    const password = await quickHash(PASSWORD);
    await store.addUser({ name: 'otto', role: 'operator', password, created_ms: 1 });
    const otto = await logIn('otto');
    const before = (await store.audit({ limit: 100 })).length;
    const change = { old_password: PASSWORD, new_password: 'yet another password' };
    assert.equal(await statusOf('/session/password', jsonBody('POST', change, otto)), 204);
    const wrong = { ...change, old_password: 'not the password' };
    assert.notEqual(await statusOf('/session/password', jsonBody('POST', wrong, otto)), 204);
    const { body } = await given().json('/tokens', jsonBody('POST', { name: 'script' }, otto));
    const { secret, token_id } = body as { secret: string; token_id: string };
    const remove = () => statusOf(`/tokens/${token_id}`, { method: 'DELETE', headers: otto });
    assert.deepEqual([await remove(), await remove()], [204, 404]);
    const remark = () => statusOf('/incidents/1/annotations', jsonBody('POST', { remark: 'a tree' }, otto));
    const said = await remark();
    assert.ok(said < 300, String(said));
    // Once, however often it is sent.
    assert.equal(await remark(), said);
    const entries = (await store.audit({ limit: 100 })).slice(before);
    assert.deepEqual(
      entries.map(({ command, subject, user }) => [user, command, subject]),
      [
        ['otto (web)', 'users set', 'user otto'],
        ['otto (web)', 'tokens add', `token ${token_id}`],
        ['otto (web)', 'tokens remove', `token ${token_id}`],
        ['otto (web)', 'incidents annotate', 'incident 1'],
      ],
    );
    assert.deepEqual(entries[0]?.after, { password: 'new' });
    assert.deepEqual(entries[1]?.after, entries[2]?.before);
    assert.deepEqual([entries[1]?.after?.name, entries[1]?.after?.user], ['script', 'otto']);
    assert.deepEqual(entries[3]?.after, { annotation: 'otto: a tree' });
    const text = JSON.stringify(entries);
    for (const one of [secret, PASSWORD, change.new_password, 'scrypt']) assert.ok(!text.includes(one), one);
  });

  it('a token makes no tokens: what was stolen ends when it is removed', async () => {
    const ada = await logIn('ada');
    const made = await given().json('/tokens', jsonBody('POST', { name: 'script' }, ada));
    assert.equal(made.status, 201);
    const { secret } = made.body as { secret: string };
    const bearer = { authorization: `Bearer ${secret}` };
    assert.equal(await statusOf('/tokens', { headers: bearer }), 200);
    assert.equal(await statusOf('/tokens', jsonBody('POST', { name: 'another' }, bearer)), 403);
  });

  it('changes are in the audit log with who made them, without passwords', async () => {
    const ada = await logIn('ada');
    const user = { name: 'eve', role: 'viewer', password: PASSWORD };
    assert.equal(await statusOf('/users', jsonBody('POST', user, ada)), 201);
    const change = { role: 'operator', password: 'a fourth password' };
    assert.equal(await statusOf('/users/eve', jsonBody('PATCH', change, ada)), 200);
    assert.equal(await statusOf('/users/eve', { method: 'DELETE', headers: ada }), 204);
    assert.equal(await statusOf('/boxes/1', jsonBody('PATCH', { calibration_constant: 150 }, ada)), 200);
    assert.equal(await statusOf('/boxes', jsonBody('POST', { box_id: '77', name: 'attic' }, ada)), 201);
    assert.equal(await statusOf('/locations/lab', jsonBody('PUT', { description: 'third floor' }, ada)), 200);
    const entries = await given().store.audit({ limit: 100 });
    const of = (command: string, subject: string) => {
      const {
        after,
        before,
        user: who,
      } = entries.find((one) => one.command === command && one.subject === subject) ?? assert.fail(command);
      assert.equal(who, 'ada (web)');
      return { before, after };
    };
    assert.deepEqual(of('users add', 'user eve'), { before: undefined, after: { role: 'viewer' } });
    assert.deepEqual(of('users set', 'user eve'), {
      before: { role: 'viewer' },
      after: { role: 'operator', password: 'new' },
    });
    assert.deepEqual(of('users remove', 'user eve'), { before: { role: 'operator' }, after: undefined });
    assert.deepEqual(of('boxes set', 'box 1'), {
      before: { calibration_constant: 146 },
      after: { calibration_constant: 150 },
    });
    assert.equal(of('boxes add', 'box 77').after?.name, 'attic');
    assert.equal(of('locations set', 'location lab').after?.description, 'third floor');
    const key = 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7';
    assert.equal(
      await statusOf('/keys/accept', jsonBody('POST', { box_id: '77', public_key: key }, ada)),
      201,
    );
    assert.equal(await statusOf('/keys/revoke', jsonBody('POST', { box_id: '77' }, ada)), 200);
    const keys = (await given().store.audit({ limit: 100 })).filter(({ command }) =>
      command.startsWith('keys '),
    );
    assert.deepEqual(
      keys
        .map(({ after, before, command }) => ({ command, before, after }))
        .toSorted((a, b) => (a.command < b.command ? -1 : 1)),
      [
        { command: 'keys accept', before: { allowed_keys: [] }, after: { allowed_keys: [key] } },
        { command: 'keys revoke', before: { allowed_keys: [key] }, after: { allowed_keys: [] } },
      ],
    );
    assert.ok(!JSON.stringify(await given().store.audit({ limit: 100 })).includes('scrypt'));
  });

  it('two admins that are demoted at the same time: one stays', async () => {
    const [ada, bob] = [await logIn('ada'), await logIn('bob')];
    const statuses = await Promise.all([
      statusOf('/users/bob', jsonBody('PATCH', { role: 'viewer' }, ada)),
      statusOf('/users/ada', { method: 'DELETE', headers: bob }),
    ]);
    const users = await given().store.users();
    assert.equal(users.filter(({ role }) => role === 'admin').length, 1, `replies ${statuses}`);
    // The second one is refused, or its session has ended with the first change.
    assert.equal(statuses.filter((status) => status < 300).length, 1, `replies ${statuses}`);
  });
});

describe('web-service: a log out while the store is unavailable', () => {
  it('the browser forgets the session, and the page sees that the store does not know of it', async () => {
    const link = {
      read: async () => {
        throw new MakaiError('STORE_UNAVAILABLE', 'the store is not open');
      },
    } as unknown as Services['link'];
    const access = new Access({ link, clock: systemClock, login: true, isSecure: false });
    const { logOut } = userHandlers({ access, link, clock: systemClock } as Services);
    const log = silentLogger();
    const rejections = new Rejections(log);
    const server = await createServer({ log, rejections, tls: undefined, behindProxy: false });
    server.delete('/session', async (request, reply) => {
      const caller = { name: 'ada', role: 'admin', by: 'session', id: 'a' } as const;
      await logOut({ caller, request, reply, params: undefined, query: undefined, body: undefined });
    });
    try {
      const reply = await server.inject({ method: 'DELETE', url: '/session' });
      assert.equal(reply.statusCode, 503);
      assert.match(String(reply.headers['set-cookie']), /^makai_session=; .*Max-Age=0/);
    } finally {
      await server.close();
    }
  });
});
