/** Who is logged in, for the parts of a view that only some roles see. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Role, Session } from '../../web-service/api/index.js';

export const SessionContext = createContext<Session | undefined>(undefined);

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

export function useSession(): Session | undefined {
  return useContext(SessionContext);
}

/** Without a login everyone is an administrator (`makai up`). */
export function useMay(role: Role): boolean {
  const session = useSession();
  if (session === undefined) return false;
  if (!session.login_required) return true;
  return session.user !== undefined && RANK[session.user.role] >= RANK[role];
}
