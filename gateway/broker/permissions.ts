/** What a role may do at the embedded broker. */
import type { UserRole } from '../../store/store.js';
import { isFilter, isTopic } from '../mqtt/filters.js';

/** What operators may publish to below `makai/`: the rest there is the gateway's own. */
const OPERATOR = ['makai/requests/', 'makai/replies/'];

/**
 * An operator publishes requests, and anything outside of `makai/` (meters, inputs of rules). A viewer publishes nothing. `$` belongs to the broker, and
 * `!` to rules.
 */
export function mayPublish(role: UserRole, topic: string): boolean {
  if (role === 'viewer' || !isTopic(topic) || /^[$!]/.test(topic)) return false;
  const isOurs = topic === 'makai' || topic.startsWith('makai/') || topic === 'notifications';
  return !isOurs || OPERATOR.some((prefix) => topic.startsWith(prefix)) || topic === 'notifications';
}

/** Everybody who is logged in reads every topic; `$SYS` is the broker's own. */
export function maySubscribe(filter: string): boolean {
  return isFilter(filter) && !filter.startsWith('$');
}

/** Whether a reply may go to a topic that a client names: not where it could pass for a message of the gateway. */
export function mayReplyTo(topic: string): boolean {
  if (!isTopic(topic) || /^[$!]/.test(topic) || topic === 'notifications') return false;
  return !(topic === 'makai' || topic.startsWith('makai/')) || topic.startsWith('makai/replies/');
}
