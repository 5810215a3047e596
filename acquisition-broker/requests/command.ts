/** Command: what the services of 2020 send. Its reply goes back to its identity; with the prefix `data` it is stored too. */
import type { Command } from '../../proto/messages.js';
import { checkBoxes, checkWindow } from './checks.js';
import type { RequestContext } from './context.js';
import { clientOf, isUsableIdentity, parseDataIdentity } from './identity.js';

/** Takes the Command. @returns whether it was taken */
export function handleCommand(command: Command, context: RequestContext): boolean {
  const { clock, maxWindowMs, rate, rejections, router, tokens } = context;
  const { body, boxId, identity } = command;
  const drop = (reason: string): false => {
    rejections.count(reason, identity);
    return false;
  };
  if (!isUsableIdentity(identity)) return drop('identity_not_usable');
  const reason =
    checkBoxes([boxId]) ?? (body.kind === 'data' ? checkWindow(body, clock.now(), maxWindowMs) : undefined);
  if (reason !== undefined) return drop(reason);
  if (!rate.allows(clientOf(identity))) return drop('too_many_requests');
  const data = parseDataIdentity(identity);
  if (data === undefined || body.kind !== 'data') return router.route(command);
  return tokens.accept({ ...command, body }, data);
}
