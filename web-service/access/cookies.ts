/** The one cookie of the service. */
import type { FastifyRequest } from 'fastify';

/** `__Host-`: browsers take it over HTTPS only, and from no other host of the domain. */
const nameOf = (isSecure: boolean): string => (isSecure ? '__Host-makai_session' : 'makai_session');

const SECRET = /^[\w-]{43}$/;

export function readCookie(
  { headers }: Pick<FastifyRequest, 'headers'>,
  isSecure: boolean,
): string | undefined {
  const name = nameOf(isSecure);
  for (const part of (headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=');
    const value = part.slice(at + 1).trim();
    if (at > 0 && part.slice(0, at).trim() === name && SECRET.test(value)) return value;
  }
  return undefined;
}

/** @param secret undefined: removes it */
export function cookieText(secret: string | undefined, isSecure: boolean, seconds: number): string {
  const life = secret === undefined ? 0 : seconds;
  return `${nameOf(isSecure)}=${secret ?? ''}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${life}${isSecure ? '; Secure' : ''}`;
}
