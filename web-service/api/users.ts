/** Who may: users, sessions, tokens. */
import { z } from 'zod';
import { atMs } from './common.js';

/** Each may what the ones before it may: viewer reads; operator requests events, annotates, edits boxes; admin manages users and keys. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export const role = z.enum(ROLES);
export type Role = z.output<typeof role>;

export const userName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/, 'lower-case letters, digits, and . _ @ - inside')
  .meta({ description: 'Name of a user' });

export const MIN_PASSWORD = 10;
const password = z.string().min(MIN_PASSWORD).max(200);

export const credentials = z.strictObject({
  name: z.string().min(1).max(64),
  password: z.string().min(1).max(200),
});

/** What the page needs to know at its start. */
export const session = z.object({
  login_required: z
    .boolean()
    .meta({ description: 'false: everyone who reaches this address is an admin (`makai up`)' }),
  user: z.object({ name: z.string(), role }).optional().meta({ description: 'Absent: nobody is logged in' }),
  csrf: z.string().optional().meta({
    description:
      'Goes into the header `x-csrf-token` of every request that is not GET, where a cookie is what logs in',
  }),
  expires_ms: atMs.optional(),
  version: z.string(),
  now_ms: atMs,
  page: z.object({
    map_tiles: z.string().optional().meta({ description: 'Address of map tiles; absent: a plain grid' }),
  }),
});
export type Session = z.output<typeof session>;

export const user = z.object({ name: z.string(), role, created_ms: atMs });
export const newUser = z.strictObject({ name: userName, role, password });
export const userChange = z.strictObject({ role, password }).partial();
export const ownPassword = z.strictObject({
  old_password: z.string().min(1).max(200),
  new_password: password,
});

export const token = z.object({
  token_id: z.string(),
  user: z.string(),
  name: z.string(),
  role,
  created_ms: atMs,
  expires_ms: atMs.optional(),
});
export const newToken = z.strictObject({
  name: z.string().trim().min(1).max(100),
  role: role.optional().meta({ description: 'No more than the user has; default: the same' }),
  days: z
    .int()
    .min(1)
    .max(3660)
    .optional()
    .meta({ description: 'How long it is valid; absent: until it is removed' }),
});
/** The only time that the token itself is shown: `Authorization: Bearer <secret>`. */
export const createdToken = token.extend({ secret: z.string() });
