/** The identity of a Command, `<prefix>_<token>_<rest>`, says whose event it is (wire-protocols 3.3). */

/** Longest identity taken, in characters. */
export const MAX_IDENTITY_LENGTH = 200;
const PREFIX_OF_STORED = 'data';
/** Topic of event notices on the same socket: an identity must not pass for one. */
const RESERVED = 'evnew';

export interface DataIdentity {
  token: string;
  /** of the 2020 event notice */
  rest: string;
}

/** Token and rest of an identity whose replies are stored as an event; undefined for all others, which are only routed. */
export function parseDataIdentity(identity: string): DataIdentity | undefined {
  const match = /^([^_]*)_([^_]+)(?:_(.*))?$/s.exec(identity);
  if (match?.[1] !== PREFIX_OF_STORED || match[2] === undefined) return undefined;
  return { token: match[2], rest: match[3] ?? '' };
}

/** Whether replies can be published under an identity. */
export function isUsableIdentity(identity: string): boolean {
  return identity.length <= MAX_IDENTITY_LENGTH && !identity.startsWith(RESERVED);
}

/** The name under which a client's requests are counted: the service's own part of the identity. */
export function clientOf(identity: string): string {
  const data = parseDataIdentity(identity);
  if (data !== undefined) return `data ${data.rest}`;
  const end = identity.indexOf('_');
  return end < 0 ? identity : identity.slice(0, end);
}
