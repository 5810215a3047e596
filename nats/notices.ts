/** Notices of incidents of all analysis services: plain messages, of which none is kept. Whoever must miss nothing looks into the store. */
import type { NatsConnection } from '@nats-io/transport-node';

const SUBJECT = 'makai.notices';
const LINE_END = 0x0a;

/** A notice that is longer than NATS takes, or for which there is no connection, is left out. */
export function publishNotice(connection: NatsConnection, topic: string, body: string): void {
  const data = Buffer.from(`${topic}\n${body}`);
  if (data.length <= (connection.info?.max_payload ?? 0)) connection.publish(SUBJECT, data);
}

/** Until the connection is closed. @param heard must not throw. @throws Error of the client: no permission */
export async function hearNotices(
  connection: NatsConnection,
  heard: (topic: string, body: string) => void,
): Promise<void> {
  for await (const { data } of connection.subscribe(SUBJECT)) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const end = bytes.indexOf(LINE_END);
    if (end > 0) heard(bytes.toString('utf8', 0, end), bytes.toString('utf8', end + 1));
  }
}
