/** A box whose key nobody knows, approved in the HTTP API of the installed web service, as the page does it. */
import assert from 'node:assert/strict';
import { until } from '../support/until.js';
import type { Container } from './container.js';
import { BackgroundBox } from './operations/background-box.js';
import { stateOf, states } from './units.js';

const BOX = '1777';
const KEYS = '/root/stranger';
const SERVER_KEY = '/etc/opq/curve/public_keys/opqserver.key';
const STORE = ['--store', 'config:/etc/opq/web_service.json'];
/** Prints the reply to a request: path, token, body. */
const ASK = `
const [path, token, body] = process.argv.slice(1);
const headers = {authorization: 'Bearer ' + token, ...(body ? {'content-type': 'application/json'} : {})};
fetch('http://127.0.0.1:8088/api/v1' + path, {headers, ...(body ? {method: 'POST', body} : {})}).then(async (reply) => {
  process.stdout.write(await reply.text());
  process.exitCode = reply.ok ? 0 : 1;
});`;

/** Both brokers refuse the box until an admin approves its key, then let it in, and no more once the key is revoked. No daemon is restarted, and no certificate is written. */
export async function approveByApi(container: Container): Promise<void> {
  const before = await states(container);
  await container.run('makai', 'users', 'add', 'ada', '--role', 'admin', '--generate', ...STORE);
  const made = await container.run('makai', 'tokens', 'add', 'ada', '--name', 'test', '--json', ...STORE);
  const { secret: token } = JSON.parse(made) as { secret: string };
  // The program that runs the web service: the package has one of its own.
  const { pid } = await stateOf(container, 'makai-web-service');
  const node = (await container.run('readlink', `/proc/${pid}/exe`)).trim();
  const ask = async <T>(path: string, body?: object): Promise<T> =>
    JSON.parse(
      await container.run(
        node,
        '-e',
        ASK,
        path,
        token,
        ...(body === undefined ? [] : [JSON.stringify(body)]),
      ),
    ) as T;
  const pending = async (): Promise<string[]> => {
    const { items, missing } = await ask<Pending>('/keys/pending');
    assert.deepEqual(missing, []);
    return items.map(({ public_key }) => public_key);
  };
  const known = await pending();
  const isKnown = (key: string): boolean => known.includes(key);
  const box = await BackgroundBox.start(container, BOX, [`--keys ${KEYS} --server-key ${SERVER_KEY}`]);
  try {
    await until('the key is pending', async () => !(await pending()).every(isKnown));
    const [public_key = ''] = (await pending()).filter((key) => !isKnown(key));
    assert.deepEqual(await ask('/keys/accept', { public_key, box_id: BOX }), {
      ...{ box_id: BOX, state: 'allowed', public_key, from: 'store' },
    });
    await until('its measurements are stored', async () => (await measurements(container)) > 0);
    // By the other broker: a command to the box, and its reply.
    const request = ['makai', 'request', '--boxes', BOX, '--last', '1', '--wait', '60', '--json'];
    await until('its waveform is stored', async () => (await container.attempt(...request)).code === 0);
    await ask('/keys/revoke', { box_id: BOX });
    await until('nothing more is stored', async () => {
      const stored = await measurements(container);
      await new Promise((done) => setTimeout(done, 8000));
      return (await measurements(container)) === stored;
    });
  } finally {
    await box.stop();
  }
  assert.deepEqual(await states(container), before);
  const certificates = await container.run('ls', '/etc/opq/curve/public_keys');
  assert.ok(!certificates.includes(BOX), certificates);
  await container.run('makai', 'boxes', 'retire', BOX, '--remove', ...STORE);
  await container.run('makai', 'users', 'remove', 'ada', ...STORE);
}

interface Pending {
  items: { public_key: string }[];
  missing: unknown[];
}

/** How many of the box are in the store. */
async function measurements(container: Container): Promise<number> {
  const text = await container.run('makai', 'measurements', BOX, '--json', ...STORE);
  return text.split('\n').filter((line) => line !== '').length;
}
