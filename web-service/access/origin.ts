/** Whether a request comes from the page itself: a browser says from which site it sends, and a program says nothing. */
import type { FastifyRequest } from 'fastify';
import { MakaiError } from '../../common/errors.js';
import { isLoopback } from '../../config/types.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

export const changesSomething = ({ method }: Pick<FastifyRequest, 'method'>): boolean => !SAFE.has(method);

/** @throws MakaiError NOT_PERMITTED for a change that another site asks for */
export function refuseOtherSite({
  headers,
  host,
  method,
}: Pick<FastifyRequest, 'headers' | 'host' | 'method'>): void {
  if (!changesSomething({ method })) return;
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  const isOwn =
    (site === undefined || site === 'same-origin' || site === 'none') &&
    (origin === undefined || hostOf(origin) === host);
  if (!isOwn) throw new MakaiError('NOT_PERMITTED', 'the request comes from another site');
}

/**
 * Where nobody has to log in: a name that somebody else owns may be made to mean this machine (DNS rebinding), and a page of theirs then reads everything.
 * @throws MakaiError NOT_PERMITTED
 */
export function refuseOtherName({ host }: Pick<FastifyRequest, 'host'>): void {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (!isLoopback(name))
    throw new MakaiError(
      'NOT_PERMITTED',
      `this service is at 127.0.0.1 or localhost, not at ${name.slice(0, 100)}`,
    );
}

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/.exec(origin)?.[1];
}
