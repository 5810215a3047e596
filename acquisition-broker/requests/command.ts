/** Command: what the services of 2020 send. Its reply goes back to its identity; with the prefix `data` it is stored too. */
import type { Command } from '../../proto/messages.js';
import { checkBoxes, checkWindow } from './checks.js';
import { checkRate, type Refusal, type RequestContext } from './context.js';
import { clientOf, isUsableIdentity, parseDataIdentity } from './identity.js';

export function handleCommand(command: Command, context: RequestContext): Refusal {
  const { clock, maxWindowMs, rate, router, tokens } = context;
  const { body, boxId, identity } = command;
  if (!isUsableIdentity(identity)) return 'identity_not_usable';
  const refusal =
    checkBoxes([boxId]) ??
    (body.kind === 'data' ? checkWindow(body, clock.now(), maxWindowMs) : undefined) ??
    checkRate(rate, clientOf(identity));
  if (refusal !== undefined) return refusal;
  const data = parseDataIdentity(identity);
  if (data === undefined || body.kind !== 'data') return router.route(command);
  return tokens.accept({ ...command, body }, data);
}
