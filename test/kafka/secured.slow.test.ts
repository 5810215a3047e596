/** A Kafka as a careful administrator has it: TLS, client certificates, users with SCRAM. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MakaiError } from '../../common/errors.js';
import { parseSettings } from '../../config/index.js';
import { KafkaProducer } from '../../kafka/producer.js';
import { givenKafka } from '../support/kafka-jars.js';
import { KafkaServer } from '../support/kafka-server.js';
import { makeCertificates } from '../support/nats-config.js';

const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule';

describe('kafka: TLS and users', function () {
  this.timeout(600_000);
  const jars = givenKafka();
  let server: KafkaServer;
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-kafka-tls-'));
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  it('takes records with the certificates and the password of the settings, and says what is wrong with others', async () => {
    const tls = makeCertificates(folder);
    const store = join(folder, 'broker.pem');
    writeFileSync(store, readFileSync(tls.key, 'utf8') + readFileSync(tls.cert, 'utf8'), { mode: 0o600 });
    server = await KafkaServer.start(jars(), {
      protocol: 'SASL_SSL',
      format: ['--add-scram', 'SCRAM-SHA-512=[name=makai,password=right]'],
      lines: [
        'sasl.enabled.mechanisms=SCRAM-SHA-512',
        'sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512',
        `listener.name.out.scram-sha-512.sasl.jaas.config=${SCRAM} required username="makai" password="right";`,
        ...['ssl.keystore.type=PEM', `ssl.keystore.location=${store}`],
        ...['ssl.truststore.type=PEM', `ssl.truststore.location=${tls.ca}`, 'ssl.client.auth=required'],
      ],
    });
    const passwordFile = join(folder, 'password');
    const setPassword = (text: string): void => writeFileSync(passwordFile, `${text}\n`, { mode: 0o600 });
    const producerOf = (more: object): KafkaProducer => {
      const { kafka } = parseSettings('gateway', {
        kafka: {
          brokers: [`localhost:${server.port}`],
          tls,
          sasl: { user: 'makai', password_file: passwordFile },
          ...more,
        },
      });
      assert.ok(kafka);
      return new KafkaProducer(kafka, 'test');
    };
    const record = { topic: 'makai.events', key: '1', value: '{}' };
    const problemOf = async (producer: KafkaProducer): Promise<string> => {
      const error: unknown = await producer.send([record]).catch((reason: unknown) => reason);
      assert.ok(error instanceof MakaiError, String(error));
      assert.equal(error.code, 'KAFKA_UNAVAILABLE');
      return error.message;
    };
    setPassword('wrong');
    const producer = producerOf({});
    assert.match(await problemOf(producer), /authentication/i);
    setPassword('right');
    assert.equal(await producer.send([record]), 0);
    await producer.stop();
    const unknown = producerOf({ tls: { cert: tls.cert, key: tls.key } });
    assert.match(await problemOf(unknown), /certificate|self.signed|unable to verify/i);
    await unknown.stop();
  });
});
