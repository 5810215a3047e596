/** A client of the acquisition broker: requests an event and waits for its id. */
import { deadline, pause, systemClock } from '../common/clock.js';
import { MakaiError } from '../common/errors.js';
import { requestEvent } from '../proto/index.js';
import type { RequestEventMessage } from '../proto/messages.js';
import type { EventDocument } from '../store/documents.js';
import { connectTo } from '../zmq/connect.js';
import type { CurveClientOptions } from '../zmq/curve.js';
import { connecting } from '../zmq/sockets.js';

export interface EventClientOptions {
  /** `backend_pull` and `backend_pub` of the broker */
  requests: string;
  notices: string;
  curve?: CurveClientOptions | undefined;
  /** whether an announced event is ours; events of other clients are announced too */
  isOurs(eventId: number): Promise<boolean>;
  timeoutMs: number;
}

/** A subscription is sent after the handshake and takes effect a moment later. */
const SUBSCRIBED_MS = 100;

/**
 * Sends a request and waits for its event id.
 * @throws MakaiError TIMEOUT where nothing listens, or no event id comes in time
 */
export async function askForEvent(
  message: RequestEventMessage,
  options: EventClientOptions,
): Promise<number> {
  const { curve = {}, isOurs, notices, requests, timeoutMs } = options;
  // Without a connection the request is not queued: that it could not be sent is then known.
  const push = connecting.push({ immediate: true, linger: timeoutMs, sendTimeout: timeoutMs, ...curve });
  const subscriber = connecting.subscriber({ receiveTimeout: timeoutMs, ...curve });
  try {
    const connected = new Promise<void>((resolve) => subscriber.events.on('handshake', () => resolve()));
    subscriber.subscribe('evnew');
    connectTo(subscriber, notices);
    connectTo(push, requests);
    await deadline(connected, timeoutMs, systemClock, () => noConnection(notices, timeoutMs));
    await pause(systemClock, SUBSCRIBED_MS);
    try {
      await push.send(requestEvent.encode(message));
    } catch (error) {
      throw noConnection(requests, timeoutMs, error);
    }
    for (;;) {
      const [, number] = await subscriber.receive();
      const eventId = Number(number?.toString());
      if (Number.isInteger(eventId) && (await isOurs(eventId))) return eventId;
    }
  } catch (error) {
    if (error instanceof MakaiError) throw error;
    throw noReply(notices, timeoutMs, error);
  } finally {
    subscriber.close();
    push.close();
  }
}

/**
 * Whether an event is the one that was requested. An event that cannot be read yet (the store is unavailable and the event waits in the broker's spool)
 * counts as it.
 */
export function isEventOf(
  event: EventDocument | undefined,
  { description, endMs, startMs }: Pick<RequestEventMessage, 'description' | 'endMs' | 'startMs'>,
): boolean {
  if (event === undefined) return true;
  return (
    // The broker adds which boxes it did not ask.
    event.description.startsWith(description) &&
    event.target_event_start_timestamp_ms === startMs &&
    event.target_event_end_timestamp_ms === endMs
  );
}

function noConnection(endpoint: string, timeoutMs: number, cause?: unknown): MakaiError {
  return new MakaiError('TIMEOUT', `no connection to ${endpoint} within ${timeoutMs / 1000} s`, {
    hint: 'Start the acquisition broker, or name the configuration file that it runs with (--config, --dir); `makai status` shows whether it runs. Under CURVE the key of --client-key must be one that the broker admits.',
    cause,
  });
}

function noReply(endpoint: string, timeoutMs: number, cause?: unknown): MakaiError {
  return new MakaiError(
    'TIMEOUT',
    `the acquisition broker sent no event id on ${endpoint} within ${timeoutMs / 1000} s`,
    { hint: 'Its log and `makai status` show whether it refused the request.', cause },
  );
}
