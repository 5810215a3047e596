/** What a rule of a standard says of a span of one box. JSON documents, so names are those of documents. */

export type Verdict = 'kept' | 'not kept' | 'not measured';

export interface StatementItem {
  quantity: 'voltage' | 'frequency' | 'THD' | 'flicker' | 'unbalance';
  /** the rule in words */
  rule: string;
  verdict: Verdict;
  /** what was judged, in words, such as "1008 ten-minute values"; or why nothing was */
  basis: string;
  /** the figure that is compared with the rule, with its unit */
  found?: { value: number; unit: string; limit: number };
  /** lowest and highest value, same unit as the quantity */
  lowest?: number;
  highest?: number;
}

/** Up to a week of one box. */
export interface WeekStatement {
  start_ms: number;
  end_ms: number;
  /** false: less than seven days */
  is_whole: boolean;
  /** share of the ten-minute windows' time that is measured, 0 to 1 */
  coverage: number;
  /** ten-minute windows that are judged, and those left out */
  windows: { counted: number; flagged: number; incomplete: number; missing: number };
  items: StatementItem[];
}
