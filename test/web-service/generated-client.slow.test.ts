/** A client that somebody else's program generates from the OpenAPI document, used as it is. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { hashPassword } from '../../daemon/people/password.js';
import { pythonWith } from '../support/python.js';
import { fill, givenWeb, jsonBody } from './given.js';

const run = promisify(execFile);
const PASSWORD = 'correct horse battery';

describe('a client generated from the OpenAPI document (openapi-python-client)', function () {
  this.timeout(300_000);
  const given = givenWeb({
    settings: { login: 'on' },
    prepare: async (store) => {
      await fill(store);
      await store.addUser({
        name: 'eva',
        role: 'viewer',
        password: await hashPassword(PASSWORD),
        created_ms: 1,
      });
    },
  });
  let python: string | undefined;
  let folder: string;

  before(async function () {
    this.timeout(400_000);
    folder = await mkdtemp(join(tmpdir(), 'makai-client-'));
    python = await pythonWith('openapi-python-client==0.29.1');
    if (python === undefined) this.skip();
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function token(): Promise<string> {
    const { api } = given();
    const login = await api('/session', jsonBody('POST', { name: 'eva', password: PASSWORD }));
    const cookie = login.headers.getSetCookie().join('; ').split(';')[0] ?? '';
    const { csrf = '' } = (await login.json()) as { csrf?: string };
    const made = await api(
      '/tokens',
      jsonBody('POST', { name: 'client', days: 1 }, { cookie, 'x-csrf-token': csrf }),
    );
    assert.equal(made.status, 201);
    return ((await made.json()) as { secret: string }).secret;
  }

  it('reads an event, its waveform, an export, and what went wrong', async () => {
    const { base } = given();
    const interpreter = python ?? 'python3';
    const client = join(folder, 'makai_client');
    const generate = ['-m', 'openapi_python_client', 'generate', '--meta', 'none', '--output-path', client];
    // Without a complaint: each would be an operation or a class that the client lacks.
    const strict = ['--fail-on-warning', '--url', `${base}/api/openapi.json`];
    const env = { ...process.env, PATH: `${dirname(interpreter)}:${process.env.PATH ?? ''}` }; // it formats what it writes
    await run(interpreter, [...generate, ...strict], { env });
    const script = join(PACKAGE_ROOT, 'test/web-service/generated_client.py');
    const args = [script, folder, base, await token(), '1', '1', '999'];
    const { stdout } = await run(interpreter, args, { timeout: 180_000 });
    const { min_volts, samples, ...read } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(read, {
      listed: [2, 1],
      event: 1,
      boxes: ['1'],
      silent: ['2'],
      classes: [['VOLTAGE_SAG']],
      export: 'PK',
      missing: 'NOT_FOUND',
      stranger: 'LOGIN_REQUIRED',
    });
    assert.ok(Number(samples) > 10_000, String(samples));
    assert.ok(Math.abs(Number(min_volts) + 120 * Math.SQRT2) < 3, String(min_volts));
  });
});
