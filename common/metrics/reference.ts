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
    'Each daemon serves `/metrics` (OpenMetrics) and `/status` (JSON) where `status` in its configuration says; by default on loopback, ports 9890',
    '(triggering broker), 9891 (acquisition broker) and 9892 (triggering service). A histogram has `_bucket`, `_sum` and `_count`. What is dropped is',
    'always counted: `makai_dropped_total` and `makai_connections_refused_total` by reason. Counters start at 0 with the daemon, with a series for',
    'each reason and kind.',
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
