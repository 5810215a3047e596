/** The thread that makes records of measurements and sends them, so that neither the stream nor the store waits for it. Started by MeasurementsOut. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../common/errors.js';
import { decodeKeptWrite } from '../store/kept-write.js';
import { recordValue } from './format.js';
import type { FromSender, SenderStart, ToSender } from './messages.js';
import { KafkaProducer } from './producer.js';
import { type KafkaRecord, measurementRecords } from './records.js';

const { clientId, servers }: SenderStart = workerData;
const topic = `${servers.topicPrefix}measurements`;
const encode = (document: object) => recordValue(servers.format, 'measurements', document);
const send = (message: FromSender): void => parentPort?.postMessage(message);
const producer = new KafkaProducer(servers, clientId);

function recordsIn(body: Uint8Array): KafkaRecord[] | undefined {
  try {
    const write = decodeKeptWrite(body);
    return write.kind === 'measurements' ? measurementRecords(write.columns, topic, encode) : undefined;
  } catch {
    return undefined;
  }
}

parentPort?.on('message', ({ body }: ToSender) => {
  const records = recordsIn(body);
  if (records === undefined) return send({ type: 'damaged' });
  producer.send(records).then(
    (refused) => send({ type: 'sent', refused }),
    (error: unknown) => send({ type: 'failed', problem: messageOf(error) }),
  );
});
