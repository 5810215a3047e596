/**
 * Copies of the open requests of acquisition brokers in a stream of JetStream, each under the member whose it is: when a broker is gone, another one takes up what it
 * had open. Whoever deletes a copy has the request: of two that try, the server lets one.
 */
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { ensureFileStream } from './file-stream.js';

export const REQUEST_STREAM = 'MAKAI_OPEN_REQUESTS';
const SUBJECTS = 'makai.open_requests';
const REQUEST_MS = 2000;
/** No box keeps cycles for longer: what is older is of no use. */
const KEPT_MS = 3_600_000;
const MAX_BYTES = 256 * 1024 * 1024;

const MADE = {
  name: REQUEST_STREAM,
  subjects: [`${SUBJECTS}.>`],
  description: 'Open requests of acquisition brokers, for others to take up (makai)',
  discard: DiscardPolicy.Old,
  max_msgs_per_subject: 1,
  max_age: nanos(KEPT_MS),
  max_bytes: MAX_BYTES,
};

export interface KeptRequest {
  member: string;
  /** name of the request, as its broker has it */
  key: string;
  /** number of the copy */
  seq: number;
  body: string;
}

export class KeptRequests {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;

  private constructor(client: JetStreamClient, manager: JetStreamManager) {
    this.#client = client;
    this.#manager = manager;
  }

  /** Makes the stream where it is missing. @throws Error of the client: no JetStream, no space, no permission */
  static async open(connection: NatsConnection, replicas: number): Promise<KeptRequests> {
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: REQUEST_MS });
    await ensureFileStream(manager, MADE, { num_replicas: replicas });
    return new KeptRequests(jetstream(connection, { timeout: REQUEST_MS }), manager);
  }

  /** @returns number of the copy @throws Error of the client: too long, no space, no reply */
  async put(member: string, key: string, body: string): Promise<number> {
    const { seq } = await this.#client.publish(subjectOf(member, key), body, {
      expect: { streamName: REQUEST_STREAM },
    });
    return seq;
  }

  /** Names of all copies, by member. @throws Error of the client */
  async keys(): Promise<Map<string, string[]>> {
    return keysIn(this.#manager);
  }

  /** One copy; undefined when it is not there any more. @throws Error of the client */
  async read(member: string, key: string): Promise<KeptRequest | undefined> {
    const found = await this.#manager.streams.getMessage(REQUEST_STREAM, {
      last_by_subj: subjectOf(member, key),
    });
    return found === null ? undefined : { member, key, seq: found.seq, body: found.string() };
  }

  /** Deletes a copy. @returns whether it was this call that did @throws Error of the client, where it is not known */
  async take(seq: number): Promise<boolean> {
    try {
      return await this.#manager.streams.deleteMessage(REQUEST_STREAM, seq, false);
    } catch (error) {
      if (error instanceof JetStreamApiError) return false;
      throw error;
    }
  }
}

/** Names of all copies, by member; nothing is made. @returns undefined where there is no such stream @throws Error of the client */
export async function copiesByMember(connection: NatsConnection): Promise<Map<string, string[]> | undefined> {
  try {
    return await keysIn(await jetstreamManager(connection, { checkAPI: false, timeout: REQUEST_MS }));
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
      return undefined;
    throw error;
  }
}

async function keysIn(manager: JetStreamManager): Promise<Map<string, string[]>> {
  const { state } = await manager.streams.info(REQUEST_STREAM, { subjects_filter: `${SUBJECTS}.>` });
  const found = new Map<string, string[]>();
  for (const subject of Object.keys(state.subjects ?? {})) {
    const [member = '', ...key] = subject.slice(SUBJECTS.length + 1).split('.');
    const keys = found.get(member) ?? [];
    keys.push(key.join(':'));
    found.set(member, keys);
  }
  return found;
}

/** A key has colons, which become dots. */
function subjectOf(member: string, key: string): string {
  return `${SUBJECTS}.${member}.${key.replaceAll(':', '.')}`;
}
