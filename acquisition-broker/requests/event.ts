/** RequestEventMessage: what the triggering service and the clients of 2018 send. */
import type { RequestEventMessage } from '../../proto/messages.js';
import { checkBoxes, checkWindow, MAX_DESCRIPTION_LENGTH } from './checks.js';
import { checkRate, type Refusal, type RequestContext } from './context.js';

export function handleEvent(message: RequestEventMessage, context: RequestContext): Refusal {
  const { clock, intake, maxWindowMs, rate } = context;
  const window = { startMs: message.startMs, endMs: message.endMs };
  // The greatest deviation from the reference, positive by definition; what is no number says nothing.
  const magnitude = Math.abs(message.percentMagnitude);
  return (
    checkWindow(window, clock.now(), maxWindowMs) ??
    checkBoxes(message.boxIds) ??
    checkRate(rate, message.requestee) ??
    intake.accept({
      window,
      type: message.triggerType,
      percentMagnitude: Number.isFinite(magnitude) ? magnitude : 0,
      description: message.description.slice(0, MAX_DESCRIPTION_LENGTH),
      boxIds: [...new Set(message.boxIds)],
      requestData: message.requestData,
    })
  );
}
