/** What the page says of alerts: which come first, what they are about. */
import type { AlertJson } from '../../web-service/api/index.js';
import type { Severity } from './incidents.js';
import { parseRoute, type View } from './route.js';

/** Those that need somebody first. */
const STATES: readonly AlertJson['state'][] = ['firing', 'pending', 'acknowledged', 'silenced', 'resolved'];
const SEVERITIES: readonly AlertJson['severity'][] = ['critical', 'warning', 'notice'];

/** Firing first, then those that are known; of one state the most severe, then the newest. */
export function mostUrgentFirst<A extends Pick<AlertJson, 'alert_id' | 'state' | 'severity' | 'started_ms'>>(
  alerts: readonly A[],
): A[] {
  return [...alerts].sort(
    (a, b) =>
      STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      b.started_ms - a.started_ms ||
      (a.alert_id < b.alert_id ? -1 : 1),
  );
}

/** How many nobody has seen to, and how severe the worst of them is; neutral: none. */
export function unattended(alerts: readonly Pick<AlertJson, 'state' | 'severity'>[]): {
  count: number;
  severity: Severity;
} {
  const waiting = alerts.filter(({ state }) => state === 'firing' || state === 'pending');
  const severity = SEVERITIES.find((one) => waiting.some((alert) => alert.severity === one)) ?? 'neutral';
  return { count: waiting.length, severity };
}

/** How long it went on, ms; undefined: it goes on, or what it is about was over when it was found in a waveform. */
export function lastedMs({
  resolved_ms: resolved,
  rule,
  started_ms: started,
}: Pick<AlertJson, 'resolved_ms' | 'rule' | 'started_ms'>): number | undefined {
  return resolved === undefined || rule === 'incident' ? undefined : Math.max(0, resolved - started);
}

/** The view that an alert names, where it says more than the alert itself. */
export function aboutOf({
  page,
}: Pick<AlertJson, 'page'>): { view: View; id: string | undefined } | undefined {
  const { id, view } = parseRoute(page);
  return view === 'overview' || view === 'login' || view === 'alerts' ? undefined : { view, id };
}
