/** When a lease ends. By both clocks: the one that never jumps stands still while the machine is suspended; the other may be set. */
import type { Clock } from '../common/clock.js';

/** A lease that is not renewed ends after this time, ms. */
export const LEASE_MS = 8000;
/** An owner stops so long before: clocks of machines run a little differently, ms. */
const MARGIN_MS = 1500;

export interface LeaseEnd {
  monotonicMs: number;
  unixMs: number;
}

/** The end, for its owner, of a lease that is taken or renewed now. */
export function leaseEnd(clock: Clock): LeaseEnd {
  const ms = LEASE_MS - MARGIN_MS;
  return { monotonicMs: clock.monotonic() + ms, unixMs: clock.now() + ms };
}

export function isOver({ monotonicMs, unixMs }: LeaseEnd, clock: Clock): boolean {
  return clock.monotonic() >= monotonicMs || clock.now() >= unixMs;
}
