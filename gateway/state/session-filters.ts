/** The filters that a broker keeps for a session of ours. */
import { z } from 'zod';
import type { SessionFilters } from '../mqtt/session.js';
import type { Positions } from './positions.js';

const kept = z.array(z.string());

/** @param name of the session, among the positions */
export function sessionFilters(positions: Positions, name: string): SessionFilters {
  return {
    get: () => kept.safeParse(positions.get(name)).data ?? [],
    put: (filters) => positions.put(name, filters),
  };
}
