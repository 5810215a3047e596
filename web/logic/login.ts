/** What the page does when a request is refused: is nobody logged in any more, and is it worth sending once more? */
import type { Session } from '../../web-service/api/index.js';

/** A wrong password is a 401 too (`LOGIN_FAILED`) and ends no session. */
export function endsSession(status: number, code: string | undefined): boolean {
  return status === 401 && code === 'LOGIN_REQUIRED';
}

/** Who sent a request, and with which value of `x-csrf-token`. */
export interface Sender {
  user: string | undefined;
  csrf: string | undefined;
}

export function senderOf(session: Pick<Session, 'csrf' | 'user'> | undefined): Sender {
  return { user: session?.user?.name, csrf: session?.csrf };
}

/**
 * True where a request that was refused with 403 failed for its old token: the same user has logged in again in another tab. As another user it is not
 * sent again: the person at the page has not decided that.
 */
export function isRenewed(sent: Sender, now: Sender): boolean {
  return now.csrf !== undefined && now.csrf !== sent.csrf && now.user === sent.user;
}
