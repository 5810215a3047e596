import assert from 'node:assert/strict';
import { MakaiError } from '../../common/errors.js';
import { parseSettings } from '../../config/index.js';

const settingsOf = (kafka?: unknown) =>
  parseSettings('triggering-service', kafka === undefined ? {} : { kafka }).kafka;

function mistakesOf(kafka: unknown): string {
  try {
    settingsOf(kafka);
  } catch (error) {
    assert.ok(error instanceof MakaiError);
    return error.message;
  }
  return '';
}

describe('config: kafka', () => {
  it('is not there unless the file has it', () => {
    assert.equal(settingsOf(), undefined);
    assert.equal(parseSettings('gateway', {}).kafka, undefined);
  });

  it('needs only brokers', () => {
    const servers = {
      ...{ brokers: ['k1:9092'], tls: undefined, sasl: undefined },
      ...{ topicPrefix: 'makai.', format: 'json' },
    };
    assert.deepEqual(settingsOf({ brokers: ['k1:9092'] }), {
      ...servers,
      queue: { path: '/var/lib/opq/spool', maxBytes: 2 ** 30 },
    });
    assert.deepEqual(parseSettings('gateway', { kafka: { brokers: ['k1:9092'] } }).kafka, servers);
  });

  it('takes names, addresses, TLS, users', () => {
    const kafka = settingsOf({
      brokers: ['kafka1.example.org:9093', '[2001:db8::1]:9093'],
      tls: {},
      sasl: { user: 'makai', password_file: '/etc/opq/kafka' },
      topic_prefix: 'site-1.',
    });
    assert.deepEqual(kafka?.tls, {});
    assert.deepEqual(kafka?.sasl, {
      mechanism: 'SCRAM-SHA-512',
      user: 'makai',
      passwordFile: '/etc/opq/kafka',
    });
    assert.equal(kafka?.topicPrefix, 'site-1.');
  });

  for (const [kafka, path] of [
    [{}, 'kafka.brokers'],
    [{ brokers: [] }, 'kafka.brokers'],
    [{ brokers: ['k1'] }, 'kafka.brokers'],
    [{ brokers: ['kafka://k1:9092'] }, 'kafka.brokers'],
    [{ brokers: ['k1:9092'], tls: { cert: '/a' } }, 'kafka.tls'],
    [{ brokers: ['k1:9092'], sasl: { user: 'a' } }, 'kafka.sasl.password_file'],
    [
      { brokers: ['k1:9092'], sasl: { mechanism: 'GSSAPI', user: 'a', password_file: '/a' } },
      'kafka.sasl.mechanism',
    ],
    [{ brokers: ['k1:9092'], topic_prefix: 'a/' }, 'kafka.topic_prefix'],
    [{ brokers: ['k1:9092'], format: 'avro' }, 'kafka.format'],
    [{ brokers: ['k1:9092'], queue: { max_bytes: 1 } }, 'kafka.queue.max_bytes'],
  ] as const)
    it(`refuses ${JSON.stringify(kafka)}`, () =>
      assert.match(mistakesOf(kafka), new RegExp(path.replaceAll('.', '\\.'))));
});
