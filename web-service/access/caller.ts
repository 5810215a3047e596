/** Who asks, and what each role may. */
import { MakaiError } from '../../common/errors.js';
import { ROLES, type Role } from '../api/users.js';

export interface Caller {
  name: string;
  role: Role;
  /** `open`: no login is asked for here; `session`: a cookie; `token`: an API token */
  by: 'open' | 'session' | 'token';
  /** of a session */
  csrf?: string;
  /** identifies session or token; a hash */
  id?: string;
  expiresMs?: number;
}

export const isAllowed = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed);

/** How the audit log names somebody: users of the web service are not those of the system. */
export const auditName = (caller: Caller | undefined): string => `${caller?.name ?? 'nobody'} (web)`;

/** @throws MakaiError LOGIN_REQUIRED, NOT_PERMITTED */
export function requireRole(caller: Caller | undefined, needed: Role): Caller {
  if (caller === undefined) throw new MakaiError('LOGIN_REQUIRED', 'nobody is logged in');
  if (!isAllowed(caller.role, needed))
    throw new MakaiError('NOT_PERMITTED', `this needs the role ${needed}; ${caller.name} is ${caller.role}`);
  return caller;
}
