/** The acquisition brokers of a cluster at one moment, as each of them says when it is asked, and the copies of open requests that are in NATS. Nothing is changed. */
import { NoRespondersError } from '@nats-io/transport-node';
import { z } from 'zod';
import { subjectOf } from './broker-bus.js';
import { copiesByMember } from './kept-requests.js';
import { nameOfMember } from './lease-table.js';
import type { NatsConnection } from './link.js';

/** How long replies are waited for: how many come is not known, ms. */
const REPLIES_MS = 1_500;
/** Replies that are read: more brokers than there are. */
const MAX_REPLIES = 1_000;

const count = z.int().nonnegative();
const reply = z.object({
  name: z.string().max(200),
  member: z.string().max(300),
  boxes: z.record(z.string().max(20), z.object({ known: count, connections: count })),
  open_requests: count,
  hears: z.array(z.string().max(300)).max(MAX_REPLIES),
});

/** What an acquisition broker replies. */
export type BrokerReply = z.infer<typeof reply>;

export interface BrokerOverview {
  /** its `identity` */
  name: string;
  /** differs between runs of the same broker */
  member: string;
  /** by dialect: boxes whose ids are known, and connections */
  boxes: BrokerReply['boxes'];
  open_requests: number;
  /** copies of them in NATS, for others to take up */
  copies: number;
  /** names of brokers that are there and that it does not hear */
  deaf_to: readonly string[];
}

export interface BrokersOverview {
  brokers: readonly BrokerOverview[];
  /** that others hear and that did not reply, by name */
  silent: readonly string[];
  /** copies of open requests of brokers that are not there: to be taken up */
  left_requests: number;
}

export function encodeReply(one: BrokerReply): Uint8Array {
  return Buffer.from(JSON.stringify(one));
}

/** @returns undefined where no acquisition broker was ever one of several @throws Error of the client: no permission, no reply of JetStream */
export async function readBrokers(connection: NatsConnection): Promise<BrokersOverview | undefined> {
  const [replies, copies] = await Promise.all([repliesOf(connection), copiesByMember(connection)]);
  if (replies.length === 0 && copies === undefined) return undefined;
  const there = new Set(replies.map(({ member }) => member));
  const heard = new Set(replies.flatMap(({ hears }) => hears));
  const copiesOf = (member: string): number => copies?.get(member)?.length ?? 0;
  const left = [...(copies?.keys() ?? [])].filter((member) => !there.has(member) && !heard.has(member));
  return {
    brokers: replies.map(({ boxes, hears, member, name, open_requests }) => ({
      ...{ name, member, boxes, open_requests },
      copies: copiesOf(member),
      deaf_to: replies
        .filter((other) => other.member !== member && !hears.includes(other.member))
        .map((other) => other.name),
    })),
    silent: [...heard].filter((member) => !there.has(member)).map(nameOfMember),
    left_requests: left.reduce((sum, member) => sum + copiesOf(member), 0),
  };
}

/** Sorted by name; what is no reply is left out. */
async function repliesOf(connection: NatsConnection): Promise<BrokerReply[]> {
  const found = new Map<string, BrokerReply>();
  const messages = await connection.requestMany(subjectOf('overview'), '', {
    ...{ strategy: 'timer', maxWait: REPLIES_MS, maxMessages: MAX_REPLIES },
  });
  try {
    for await (const { data } of messages) {
      const one = replyOf(data);
      if (one !== undefined) found.set(one.member, one);
    }
  } catch (error) {
    if (!(error instanceof NoRespondersError)) throw error;
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function replyOf(data: Uint8Array): BrokerReply | undefined {
  try {
    return reply.safeParse(JSON.parse(Buffer.from(data).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
