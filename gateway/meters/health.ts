/** What the gateway serves of a meter. */
import type { BoxFinding } from '../../common/box-findings.js';

/** One meter, as the gateway serves it under `/box-health`. */
export interface MeterHealth {
  box_id: string;
  findings: readonly BoxFinding[];
  meter: {
    /** as its mapping makes it */
    name: string;
    /** Unix ms of its last measurement since the start of the gateway */
    last_ms?: number;
    measurements: number;
    /** 0: it may be silent for ever */
    silent_after_ms: number;
    /** not heard since the start, and not for long enough to be silent: whether a finding from before has ended is not known yet */
    is_unknown?: true;
  };
}
