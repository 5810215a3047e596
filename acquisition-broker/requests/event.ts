/** RequestEventMessage: what the triggering service and the clients of 2018 send. */
import type { RequestEventMessage } from '../../proto/messages.js';
import { checkBoxes, checkWindow, MAX_DESCRIPTION_LENGTH } from './checks.js';
import type { RequestContext } from './context.js';

/** Takes the request. @returns whether it was taken */
export function handleEvent(message: RequestEventMessage, context: RequestContext): boolean {
  const { clock, intake, maxWindowMs, rate, rejections } = context;
  const window = { startMs: message.startMs, endMs: message.endMs };
  const reason = checkWindow(window, clock.now(), maxWindowMs) ?? checkBoxes(message.boxIds);
  if (reason !== undefined) {
    rejections.count(reason, message.requestee);
    return false;
  }
  if (!rate.allows(message.requestee)) {
    rejections.count('too_many_requests', message.requestee);
    return false;
  }
  // The greatest deviation from the reference, positive by definition; what is no number says nothing.
  const magnitude = Math.abs(message.percentMagnitude);
  return intake.accept({
    window,
    type: message.triggerType,
    percentMagnitude: Number.isFinite(magnitude) ? magnitude : 0,
    description: message.description.slice(0, MAX_DESCRIPTION_LENGTH),
    boxIds: [...new Set(message.boxIds)],
    requestData: message.requestData,
  });
}
