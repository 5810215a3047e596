import assert from 'node:assert/strict';
import { MakaiError } from '../../common/errors.js';
import { parseSettings } from '../../config/index.js';

const FILE = { client_certs: '/tmp/x' };
const settingsOf = (nats?: unknown) =>
  parseSettings('triggering-broker', { ...FILE, ...(nats === undefined ? {} : { nats }) });

function mistakesOf(nats: unknown): string {
  try {
    settingsOf(nats);
  } catch (error) {
    assert.ok(error instanceof MakaiError);
    return error.message;
  }
  return '';
}

describe('config: nats', () => {
  it('is not there unless the file has it', () => {
    assert.equal(settingsOf().nats, undefined);
  });

  it('needs only servers', () => {
    assert.deepEqual(settingsOf({ servers: ['nats://n1:4222'] }).nats, {
      servers: ['nats://n1:4222'],
      credentials: undefined,
      user: undefined,
      passwordFile: undefined,
      tls: undefined,
      stream: { replicas: 1, maxBytes: 2 ** 32, maxAgeMs: 3_600_000 },
      spool: { path: '/var/lib/opq/spool', maxBytes: 2 ** 30 },
    });
  });

  it('takes names, addresses, TLS, users', () => {
    const { nats } = settingsOf({
      servers: ['tls://nats.example.org', 'nats://[2001:db8::1]:4222'],
      user: 'makai',
      password_file: '/etc/opq/nats',
      tls: { ca: '/etc/opq/ca.pem' },
      replicas: 3,
      max_age_seconds: 7200,
    });
    assert.equal(nats?.stream.replicas, 3);
    assert.equal(nats?.stream.maxAgeMs, 7_200_000);
    assert.equal(nats?.tls?.ca, '/etc/opq/ca.pem');
  });

  for (const [nats, path] of [
    [{}, 'nats.servers'],
    [{ servers: [] }, 'nats.servers'],
    [{ servers: ['http://n1'] }, 'nats.servers'],
    [{ servers: ['nats://user:secret@n1'] }, 'nats.servers'],
    [{ servers: ['nats://n1'], replicas: 6 }, 'nats.replicas'],
    [{ servers: ['nats://n1'], max_bytes: 1000 }, 'nats.max_bytes'],
    [{ servers: ['nats://n1'], credentials: '/a', user: 'b' }, 'nats.user'],
    [{ servers: ['nats://n1'], password_file: '/a' }, 'nats.password_file'],
    [{ servers: ['nats://n1'], tls: { cert: '/a' } }, 'nats.tls'],
    [{ servers: ['nats://n1'], subject: 'x' }, 'subject'],
  ] as const) {
    it(`refuses ${JSON.stringify(nats)} and names ${path}`, () => {
      assert.ok(mistakesOf(nats).includes(path), mistakesOf(nats));
    });
  }
});
