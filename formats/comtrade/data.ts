/** What a DAT holds, before it is compared with what the CFG says. */
import type { SampleArray } from '../recording.js';

export interface ComtradeData {
  /** records */
  count: number;
  /** the time column in its own unit; NaN where it is empty */
  times: Float64Array;
  analog: SampleArray[];
  /** the number in `analog` that stands for a missing value; NaN besides */
  missing: number | undefined;
  digital: Uint8Array[];
}
