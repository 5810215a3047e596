/** Every case of the fault suite, in the order in which they run. */
import type { FaultCase } from '../case.js';
import { KILLS } from './kills.js';

export const CASES: readonly FaultCase[] = [...KILLS];
