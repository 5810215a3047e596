/** Users of the web service with their tokens, and descriptions of locations, as documents. */

/** A location that is described: collection `locations` of existing services. */
export interface LocationDocument {
  slug: string;
  description?: string;
  /** longitude, latitude */
  coordinates?: [number, number];
  /** slugs of the regions that it belongs to, sorted; never empty */
  regions?: string[];
}

export type UserRole = 'viewer' | 'operator' | 'admin';

/** *ours*: a user of the web service. */
export interface UserDocument {
  /** unique */
  name: string;
  role: UserRole;
  /** hash of the password with its parameters, never the password */
  password: string;
  /** Unix ms */
  created_ms: number;
}

/** What is to change of the user of this name; what is not named stays as it is. */
export interface UserChange {
  name: string;
  role?: UserRole;
  password?: string;
}

/** *ours*: a session, or a token for programs. What it is known by is a hash: who reads the store cannot log in with it. */
export interface TokenDocument {
  /** unique */
  token_hash: string;
  kind: 'session' | 'api';
  user: string;
  /** what the user calls it; of a session: empty */
  name: string;
  role: UserRole;
  created_ms: number;
  /** absent: until it is removed */
  expires_ms?: number;
}

/** Which tokens to remove. */
export interface TokenChoice {
  user: string;
  kind?: TokenDocument['kind'];
  /** all but this one */
  except?: string;
}
