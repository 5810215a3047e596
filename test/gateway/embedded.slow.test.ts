/** The embedded broker: who may what, bad clients; with mosquitto_sub and mosquitto_pub where they are installed. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { connect as connectTcp } from 'node:net';
import { promisify } from 'node:util';
import { connect, connectAsync, type MqttClient } from 'mqtt';
import { hashPassword } from '../../daemon/people/password.js';
import { hashOf, newToken } from '../../web-service/index.js';
import { until } from '../support/until.js';
import { givenGateway, incidentOf, START } from './given.js';
import { subscriber } from './mosquitto.js';

const run = promisify(execFile);
const PASSWORD = 'a long password';

describe('gateway: the embedded broker', function () {
  this.timeout(300_000);
  const given = givenGateway();
  const clients: MqttClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync(true);
  });

  async function withUsers() {
    const { gateway, store } = given();
    const password = await hashPassword(PASSWORD);
    for (const [name, role] of [
      ['vera', 'viewer'],
      ['otto', 'operator'],
    ] as const)
      await store.addUser({ name, role, password, created_ms: START });
    const running = await gateway({ mqtt: { listen: '127.0.0.1:0' } });
    return { running, url: running.endpoints.mqtt ?? '' };
  }

  const as = (username: string, password = PASSWORD, more = {}) => ({
    username,
    password,
    reconnectPeriod: 0,
    ...more,
  });

  async function client(url: string, options: Parameters<typeof connectAsync>[1]): Promise<MqttClient> {
    const one = await connectAsync(url, options);
    one.on('error', () => undefined);
    clients.push(one);
    return one;
  }

  it('asks for a user of the web service, or an API token; others are refused and counted', async () => {
    const { running, url } = await withUsers();
    for (const wrong of [{ reconnectPeriod: 0 }, as('vera', 'wrong'), as('nobody'), as('vera', newToken())])
      await assert.rejects(connectAsync(url, wrong), /refused/i);
    assert.equal(running.status().refused.login, 4);
    const token = newToken();
    await given().store.addToken({
      token_hash: hashOf(token),
      kind: 'api',
      user: 'otto',
      name: 'meter',
      role: 'viewer',
      created_ms: START,
    });
    await client(url, as('vera'));
    const byToken = await client(url, as('otto', token));
    assert.ok(byToken.connected);
    const closed = new Promise<void>((resolve) => byToken.once('close', () => resolve()));
    // The token's role is viewer: it may not publish.
    byToken.publish('meters/1', '{}', { qos: 1 });
    await closed;
    assert.equal(running.status().refused.publish_not_permitted, 1);
  });

  it('passwords are tried so often, and then later; programs with a token connect all together', async () => {
    const { url } = await withUsers();
    const token = newToken();
    await given().store.addToken({
      ...{ token_hash: hashOf(token), kind: 'api', user: 'otto', name: 'meter', role: 'viewer' },
      created_ms: START,
    });
    // Together: one after the other, tries come back as fast as a busy machine checks passwords.
    const codes = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        connectAsync(url, as('vera', `wrong ${i}`)).then(
          () => 'connected',
          ({ code }: { code?: unknown }) => code,
        ),
      ),
    );
    // Bad user name or password, as often as one address may try; then: unavailable, try again.
    const count = (code: number): number => codes.filter((one) => one === code).length;
    assert.ok(count(4) >= 20 && count(3) > 0 && count(4) + count(3) === codes.length, codes.join());
    const all = await Promise.all(Array.from({ length: 40 }, () => client(url, as('otto', token))));
    assert.ok(all.every(({ connected }) => connected));
  });

  it('ends the connections of a user or token that was removed, and of a changed role or password; others stay', async () => {
    const { url } = await withUsers();
    const { store } = given();
    const password = await hashPassword(PASSWORD);
    for (const name of ['gone', 'new-password', 'new-role', 'came-again'])
      await store.addUser({ name, role: 'operator', password, created_ms: START });
    const token = newToken();
    await store.addToken({
      ...{ token_hash: hashOf(token), kind: 'api', user: 'otto', name: 'meter', role: 'viewer' },
      created_ms: START,
    });
    const closed: string[] = [];
    for (const [name, secret] of [
      ['gone', PASSWORD],
      ['new-password', PASSWORD],
      ['new-role', PASSWORD],
      ['came-again', PASSWORD],
      ['otto', token],
      ['vera', PASSWORD],
    ] as const)
      (await client(url, as(name, secret))).once('close', () => closed.push(name));
    const other = await hashPassword('another password');
    await store.removeUser('gone');
    await store.removeUser('came-again');
    await store.addUser({ name: 'came-again', role: 'operator', password: other, created_ms: START });
    await store.changeUser({ name: 'new-password', password: other });
    await store.changeUser({ name: 'new-role', role: 'viewer' });
    await store.removeToken(hashOf(token));
    await until('they are disconnected', async () => closed.length === 5);
    assert.deepEqual(closed.sort(), ['came-again', 'gone', 'new-password', 'new-role', 'otto']);
  });

  it('keeps nothing for a client that is not connected, whatever it asks for', async () => {
    const { url } = await withUsers();
    const again = as('vera', PASSWORD, { clientId: 'wall', clean: false });
    const first = await client(url, again);
    await first.subscribeAsync('meters/#', { qos: 1 });
    await first.endAsync();
    const otto = await client(url, as('otto'));
    await otto.publishAsync('meters/1', '{}', { qos: 1 });
    const second = connect(url, again);
    clients.push(second);
    const packet = await new Promise<{ sessionPresent: boolean }>((connected) =>
      second.once('connect', connected),
    );
    assert.equal(packet.sessionPresent, false);
  });

  it('a viewer reads, and publishes nothing, also not as its last will; an operator publishes what is not the gateway’s', async () => {
    const { running, url } = await withUsers();
    const { client: viewer, heard } = await subscriber(url, as('vera'));
    clients.push(viewer);
    const operator = await client(url, as('otto'));
    await operator.publishAsync('meters/1', '{"v":1}', { qos: 1 });
    await until('it is heard', async () => heard.some(({ topic }) => topic === 'meters/1'));
    for (const topic of ['makai/incidents/VOLTAGE_SAG/1', 'makai/daemons/gateway/status', '$SYS/x']) {
      const other = await client(url, as('otto'));
      const closed = new Promise<void>((resolve) => other.once('close', () => resolve()));
      other.publish(topic, '{"forged":true}', { qos: 1, retain: true });
      await closed;
    }
    assert.equal(running.status().refused.publish_not_permitted, 3);
    const will = {
      topic: 'makai/incidents/VOLTAGE_SAG/1',
      payload: Buffer.from('{"forged":true}'),
      qos: 1 as const,
    };
    const dying = await client(url, as('otto', PASSWORD, { will }));
    dying.stream.destroy();
    await until('its will is refused', async () => running.status().refused.publish_not_permitted === 4);
    await assert.rejects(operator.subscribeAsync('$SYS/#', { qos: 1 }));
    await given().store.putIncident({ incident: incidentOf('1', START), samples: new Int16Array() });
    await until('an incident is heard', async () =>
      heard.some(({ topic }) => topic === 'makai/incidents/VOLTAGE_SAG/1'),
    );
    assert.ok(heard.every(({ payload }) => payload.forged === undefined));
  });

  it('a client id in use by another user is refused', async () => {
    const { url } = await withUsers();
    const viewer = await client(url, as('vera', PASSWORD, { clientId: 'one' }));
    await assert.rejects(connectAsync(url, as('otto', PASSWORD, { clientId: 'one' })), /refused|authorized/i);
    assert.ok(viewer.connected);
  });

  it('packets that are too long, no MQTT, MQTT 5: closed, counted, and the others go on', async () => {
    const { running, url } = await withUsers();
    const { client: viewer, heard } = await subscriber(url, as('vera'));
    clients.push(viewer);
    const operator = await client(url, as('otto'));
    const closed = new Promise<void>((resolve) => operator.once('close', () => resolve()));
    operator.publish('meters/1', Buffer.alloc(10 * 2 ** 20, 0x20), { qos: 1 });
    await closed;
    assert.equal(running.status().refused.packet_too_long, 1);
    const { hostname, port } = new URL(url);
    for (const bytes of [
      'GET / HTTP/1.1\r\n\r\n',
      '\x10\xff\xff\xff\xff\xff',
      '\x10\x03\x00\x04M',
      '\0'.repeat(10_000),
    ])
      await new Promise<void>((resolve) => {
        const socket = connectTcp(Number(port), hostname, () => socket.write(bytes, 'latin1'));
        socket.on('error', () => undefined);
        socket.on('close', () => resolve());
        socket.resume();
        setTimeout(() => socket.destroy(), 500);
      });
    await assert.rejects(connectAsync(url, as('vera', PASSWORD, { protocolVersion: 5 })));
    await given().store.putIncident({ incident: incidentOf('1', START), samples: new Int16Array() });
    await until('an incident is heard', async () =>
      heard.some(({ topic }) => topic === 'makai/incidents/VOLTAGE_SAG/1'),
    );
  });

  it('mosquitto_sub and mosquitto_pub are clients of it', async function () {
    if (spawnSync('mosquitto_sub', ['--help']).error !== undefined) {
      process.stderr.write('SKIPPED: mosquitto_sub is not installed (scripts/debian-tools.txt)\n');
      this.skip();
    }
    const { url } = await withUsers();
    const { port } = new URL(url);
    const where = ['-h', '127.0.0.1', '-p', port];
    const user = (name: string) => ['-u', name, '-P', PASSWORD];
    const status = await run('mosquitto_sub', [
      ...where,
      ...user('vera'),
      '-C',
      '1',
      '-t',
      'makai/daemons/gateway/status',
    ]);
    assert.equal((JSON.parse(status.stdout) as { running: boolean }).running, true);
    const heard = run('mosquitto_sub', [...where, ...user('vera'), '-C', '1', '-v', '-t', 'meters/#']);
    const timer = setInterval(() => {
      void run('mosquitto_pub', [
        ...where,
        ...user('otto'),
        '-q',
        '1',
        '-t',
        'meters/7',
        '-m',
        '{"v":230}',
      ]).catch(() => undefined);
    }, 500);
    const { stdout } = await heard.finally(() => clearInterval(timer));
    assert.equal(stdout, 'meters/7 {"v":230}\n');
    await assert.rejects(run('mosquitto_sub', [...where, '-C', '1', '-t', '#']), { code: 4 });
  });
});
