/** What one running daemon reports, as the judgements take it. */
import type { Kind } from '../../config/kinds.js';
import type { DaemonStatus } from '../../daemon/status/server.js';
import type { MetricValues } from './metric-values.js';

export interface Report {
  kind: Kind;
  details: DaemonStatus['details'];
  uptimeSeconds: number;
  metrics: MetricValues | undefined;
}
