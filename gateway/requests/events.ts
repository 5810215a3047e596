/** `makai/requests/event`: asks the acquisition broker for waveforms, as POST /events of the web service does, and replies to the topic that the request names. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import { codeOf, MakaiError, messageOf } from '../../common/errors.js';
import { Limit } from '../../common/limit.js';
import type { Logger } from '../../common/log.js';
import type { Rejections } from '../../common/rejections.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { askForEvent, isEventOf } from '../../daemon/event-client.js';
import type { RequestEventMessage } from '../../proto/messages.js';
import type { EventReader } from '../../store/store.js';
import type { CurveClientOptions } from '../../zmq/curve.js';
import { mayReplyTo } from '../broker/permissions.js';
import { type EventReply, type EventRequest, eventRequest, MAX_REQUEST_MS } from '../documents/requests.js';
import { TOPICS } from '../documents/topics.js';
import type { Incoming, Link } from '../mqtt/link.js';
import { parseObject } from '../mqtt/payload.js';
import { mustAct } from '../standby/guarded.js';
import type { Shared } from '../state/shared.js';

const MAX_BYTES = 256 * 1024;
/** How long to wait for the event id. */
const ID_MS = 10_000;
const AT_ONCE = 8;
const WAITING = 50;

export interface EventRequestsOptions {
  link: Link;
  store: () => Pick<EventReader, 'event'>;
  /** `backend_pull` and `backend_pub` of the acquisition broker */
  requests: string;
  notices: string;
  curve: CurveClientOptions | undefined;
  /** with other gateways */
  shared: Pick<Shared, 'mayAct'>;
  rejections: Rejections;
  clock: Clock;
  log: Logger;
}

export class EventRequests {
  readonly #options: EventRequestsOptions;
  readonly #limit = new Limit('event requests', AT_ONCE, WAITING);
  readonly #log: ThrottledLog;
  made = 0;

  constructor(options: EventRequestsOptions) {
    this.#options = options;
    this.#log = new ThrottledLog(options.log, { clock: options.clock });
  }

  async start(): Promise<{ stop(): Promise<void> }> {
    const stop = await this.#options.link.subscribe(TOPICS.eventRequest.topic, (message) => {
      this.#handle(message).catch((error: unknown) =>
        this.#log.error({ err: error }, 'the reply to an event request was not published'),
      );
    });
    return { stop };
  }

  async #handle(message: Incoming): Promise<void> {
    const { link, rejections } = this.#options;
    // One that the broker kept was made long ago, and would be made again at each start.
    if (message.retain) return rejections.count('request_retained', message.topic);
    const parsed = parseObject(message.payload, MAX_BYTES);
    const object = 'object' in parsed ? parsed.object : {};
    const replyTo = typeof object.reply_to === 'string' ? object.reply_to : message.responseTopic;
    const reply = await this.#reply('wrong' in parsed ? parsed.wrong : object);
    if (replyTo === undefined) return;
    if (!mayReplyTo(replyTo)) return rejections.count('reply_topic', replyTo);
    const id = typeof object.request_id === 'string' ? { request_id: object.request_id.slice(0, 100) } : {};
    await link.publish({
      topic: replyTo,
      payload: JSON.stringify({ ...reply, ...id }),
      correlationData: message.correlationData,
    });
  }

  /** @param given text: why it is no request */
  async #reply(given: Record<string, unknown> | string): Promise<EventReply> {
    const { rejections } = this.#options;
    try {
      const wanted = checked(given);
      const event_id = await this.#limit.run(() => this.#ask(wanted));
      return { ok: true, event_id };
    } catch (error) {
      const code = codeOf(error) ?? 'INTERNAL_ERROR';
      rejections.count(
        code === 'REQUEST_INVALID' ? 'request_invalid' : 'request_failed',
        undefined,
        messageOf(error),
      );
      if (!(error instanceof MakaiError)) this.#log.error({ err: error }, 'an event request failed');
      return { ok: false, error: { code, message: messageOf(error) } };
    }
  }

  async #ask(wanted: EventRequest): Promise<number> {
    const { curve, notices, requests, shared, store } = this.#options;
    mustAct(shared);
    const message = requestMessage(wanted);
    const eventId = await askForEvent(message, {
      ...{ requests, notices, curve, timeoutMs: ID_MS },
      isOurs: async (id) => isEventOf(await store().event(id), message),
    });
    this.made += 1;
    return eventId;
  }
}

/** @throws MakaiError REQUEST_INVALID with every mistake */
function checked(given: Record<string, unknown> | string): EventRequest {
  if (typeof given === 'string') throw new MakaiError('REQUEST_INVALID', given);
  const { data, error } = eventRequest.safeParse(given);
  if (data === undefined) throw new MakaiError('REQUEST_INVALID', z.prettifyError(error).slice(0, 1000));
  const ms = data.to_ms - data.from_ms;
  if (ms <= 0 || ms > MAX_REQUEST_MS)
    throw new MakaiError(
      'REQUEST_INVALID',
      `to_ms: expected a time after from_ms, by ${MAX_REQUEST_MS / 1000} s at most`,
    );
  return data;
}

function requestMessage({
  boxes,
  description,
  from_ms,
  request_data,
  to_ms,
  type,
}: EventRequest): RequestEventMessage {
  return {
    startMs: Math.round(from_ms),
    endMs: Math.round(to_ms),
    triggerType: type,
    percentMagnitude: 0,
    boxIds: boxes.map(Number),
    requestee: 'makai gateway',
    // The end identifies our event among all that are announced.
    description: `${description === '' ? 'requested' : description} (MQTT, ${randomUUID().slice(0, 8)})`,
    requestData: request_data,
  };
}
