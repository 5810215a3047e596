/** A client of the acquisition broker: requests an event and waits for its id. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MakaiError } from '../common/errors.js';
import { requestEvent } from '../proto/index.js';
import type { RequestEventMessage } from '../proto/messages.js';
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
 * @throws MakaiError TIMEOUT where nobody answers in time
 */
export async function askForEvent(
  message: RequestEventMessage,
  options: EventClientOptions,
): Promise<number> {
  const { curve = {}, isOurs, notices, requests, timeoutMs } = options;
  const push = connecting.push({ linger: timeoutMs, sendTimeout: timeoutMs, ...curve });
  const subscriber = connecting.subscriber({ receiveTimeout: timeoutMs, ...curve });
  try {
    const connected = new Promise<boolean>((resolve) =>
      subscriber.events.on('handshake', () => resolve(true)),
    );
    subscriber.subscribe('evnew');
    subscriber.connect(notices);
    push.connect(requests);
    if (!(await Promise.race([connected, sleep(timeoutMs, false, { ref: false })])))
      throw noAnswer(notices, timeoutMs);
    await sleep(SUBSCRIBED_MS);
    await push.send(requestEvent.encode(message));
    for (;;) {
      const [, number] = await subscriber.receive();
      const eventId = Number(number?.toString());
      if (Number.isInteger(eventId) && (await isOurs(eventId))) return eventId;
    }
  } catch (error) {
    if (error instanceof MakaiError) throw error;
    throw noAnswer(notices, timeoutMs, error);
  } finally {
    subscriber.close();
    push.close();
  }
}

function noAnswer(endpoint: string, timeoutMs: number, cause?: unknown): MakaiError {
  return new MakaiError('TIMEOUT', `no event id from ${endpoint} within ${timeoutMs / 1000} s`, {
    hint: 'Check that the acquisition broker runs (`makai status`), and whether its log shows that it refused the request.',
    cause,
  });
}
