/** The text of docs/metrics.md, made from the list of metrics. */
import { DROP_REASONS } from '../drop-reasons.js';
import { METRICS, type MetricInfo } from './names.js';

/** Markdown of the metric reference. */
export function metricReference(): string {
  const rows = Object.entries<MetricInfo>(METRICS).map(([name, info]) => {
    const labels = (info.labels ?? []).map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${info.type} | ${labels} | ${info.help} | ${info.daemons.join(', ')} |`;
  });
  const reasons = Object.entries(DROP_REASONS).map(
    ([reason, { meaning, daemons }]) => `| \`${reason}\` | ${meaning} | ${daemons.join(', ')} |`,
  );
  return [
    '# Metrics',
    '',
    'Each daemon serves `/metrics` (OpenMetrics, for Prometheus) and `/status` (JSON) at the address in its setting `status`. The default is loopback, port 9890',
    '(triggering broker), 9891 (acquisition broker), 9892 (triggering service) or 9893 (analysis service). A histogram has `_bucket`, `_sum` and `_count`. Whatever a daemon drops is',
    'counted, by reason, in `makai_dropped_total` or `makai_connections_refused_total`. Counters start at 0 when the daemon starts. Each reason and kind has a series from',
    'then on, so an alert also sees the first drop.',
    '',
    '| metric | type | labels | what it is | daemons |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    '## Reasons of `makai_dropped_total`',
    '',
    'A reason has the same name in every daemon, in `/status`, in the log and here.',
    '',
    '| reason | what was dropped | daemons |',
    '|---|---|---|',
    ...reasons,
    '',
  ].join('\n');
}
