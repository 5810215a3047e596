/** RequestDataMessage of type READ: what some documents and clients of 2018 send in place of a RequestEventMessage. */
import type { RequestDataMessage } from '../../proto/messages.js';
import { checkBoxes, checkWindow } from './checks.js';
import type { RequestContext } from './context.js';

/** It names no requestee: all such clients count as one. */
const CLIENT = 'RequestDataMessage';

/** Takes the request. @returns whether it was taken */
export function handleRead(message: RequestDataMessage, context: RequestContext): boolean {
  const { clock, intake, maxWindowMs, rate, rejections } = context;
  const { back, boxId, forward, type } = message;
  const drop = (reason: string): false => {
    rejections.count(reason, CLIENT);
    return false;
  };
  if (type !== 'READ') return drop('request_type_not_read');
  if (back === undefined || forward === undefined) return drop('window_missing');
  const window = { startMs: back, endMs: forward };
  const boxIds = boxId === undefined ? [] : [boxId];
  const reason = checkWindow(window, clock.now(), maxWindowMs) ?? checkBoxes(boxIds);
  if (reason !== undefined) return drop(reason);
  if (!rate.allows(CLIENT)) return drop('too_many_requests');
  const event = { type: 'OTHER', percentMagnitude: 0, description: CLIENT, requestData: true };
  return intake.accept({ ...event, window, boxIds });
}
