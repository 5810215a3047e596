/** A choice of roles. */
import type { Role } from '../../../web-service/api/index.js';

const ROLES: readonly Role[] = ['viewer', 'operator', 'admin'];

/** @param highest the last role that can be chosen */
export function RoleSelect({
  highest = 'admin',
  label,
  onRole,
  role,
}: {
  label: string;
  onRole: (role: Role) => void;
  role: Role;
  highest?: Role;
}) {
  return (
    <select
      aria-label={label}
      value={role}
      onChange={(event) => onRole(ROLES.find((one) => one === event.currentTarget.value) ?? 'viewer')}
    >
      {ROLES.slice(0, ROLES.indexOf(highest) + 1).map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  );
}
