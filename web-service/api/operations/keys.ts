/** Operations: keys. */
import * as c from '../common.js';
import { json, type Operation } from '../operation.js';
import * as s from '../system.js';

export const KEYS = {
  listKeys: {
    method: 'GET',
    path: '/keys',
    tag: 'Keys',
    summary: 'Keys that may connect, and those that were revoked',
    role: 'admin',
    status: 200,
    reply: json(s.keys),
  },
  listPendingKeys: {
    method: 'GET',
    path: '/keys/pending',
    tag: 'Keys',
    summary: 'Keys that the running brokers refused',
    role: 'admin',
    status: 200,
    reply: json(s.pendingKeys),
  },
  acceptKey: {
    method: 'POST',
    path: '/keys/accept',
    tag: 'Keys',
    summary: 'Approve a key for a box',
    role: 'admin',
    body: s.acceptKey,
    status: 201,
    reply: json(s.key),
  },
  revokeKey: {
    method: 'POST',
    path: '/keys/revoke',
    tag: 'Keys',
    summary: 'Revoke the key of a box',
    role: 'admin',
    body: s.revokeKey,
    status: 200,
    reply: json(c.listOf(s.key)),
  },
} as const satisfies Record<string, Operation>;
