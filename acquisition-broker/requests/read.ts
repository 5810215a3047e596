/** RequestDataMessage of type READ: what some documents and clients of 2018 send in place of a RequestEventMessage. */
import type { RequestDataMessage } from '../../proto/messages.js';
import { checkBoxes, checkWindow } from './checks.js';
import { checkRate, type Refusal, type RequestContext } from './context.js';

/** It names no requestee: all such clients count as one. */
export const READ_CLIENT = 'RequestDataMessage';

export function handleRead(message: RequestDataMessage, context: RequestContext): Refusal {
  const { clock, intake, maxWindowMs, rate } = context;
  const { back, boxId, forward, type } = message;
  if (type !== 'READ') return 'request_type_not_read';
  if (back === undefined || forward === undefined) return 'window_missing';
  const window = { startMs: back, endMs: forward };
  const boxIds = boxId === undefined ? [] : [boxId];
  const event = { type: 'OTHER', percentMagnitude: 0, description: READ_CLIENT, requestData: true };
  return (
    checkWindow(window, clock.now(), maxWindowMs) ??
    checkBoxes(boxIds) ??
    checkRate(rate, READ_CLIENT) ??
    intake.accept({ ...event, window, boxIds })
  );
}
