/** Marks of kinds and severities: a shape each, so that colour is never the only signal. */
import type { Kind, Severity } from '../../logic/incidents.js';
import { text } from '../../logic/text.js';

/** Outline of each kind in a box from -6 to 6. */
export const KIND_PATH: Record<Kind, string> = {
  sag: 'M-5-4H5L0 5Z',
  swell: 'M-5 4H5L0-5Z',
  interruption: 'M-5-5H5V5H-5Z',
  frequency: 'M0-6 6 0 0 6-6 0Z',
  distortion: 'M-5.5 0A5.5 5.5 0 1 0 5.5 0 5.5 5.5 0 1 0-5.5 0Z',
  transient: 'M1-6-4 1H0L-1 6 4-1H0Z',
  outage: 'M-5-3-3-5 0-2 3-5 5-3 2 0 5 3 3 5 0 2-3 5-5 3-2 0Z',
  other: 'M-5-2H5V2H-5Z',
};

export const QUANTITY_OF: Record<Kind, string> = {
  sag: 'q-voltage',
  swell: 'q-voltage',
  interruption: 'q-voltage',
  frequency: 'q-frequency',
  distortion: 'q-thd',
  transient: 'q-transient',
  outage: '',
  other: '',
};

const SEVERITY_PATH: Record<Severity | 'ok', string> = {
  ok: 'M-5 0-2 4 5-4',
  neutral: 'M-4 0H4',
  notice: 'M0-5V-4.5M0-1.5V5',
  warning: 'M0-5V2M0 4.6V5',
  critical: 'M-4-4 4 4M4-4-4 4',
};

export function KindMark({ kind }: { kind: Kind }) {
  return (
    <svg viewBox="-7 -7 14 14" width="14" height="14" class={`kind ${QUANTITY_OF[kind]}`} aria-hidden="true">
      <path d={KIND_PATH[kind]} fill="currentColor" />
    </svg>
  );
}

/** Shape, colour and word. */
export function SeverityBadge({ severity, label }: { severity: Severity | 'ok'; label?: string }) {
  return (
    <span class={`badge ${severity}`}>
      <svg viewBox="-7 -7 14 14" class={`mark ${severity}`} aria-hidden="true">
        <path
          d={SEVERITY_PATH[severity]}
          fill="none"
          stroke="currentColor"
          stroke-width="2.4"
          stroke-linecap="round"
        />
      </svg>
      {label ?? (severity === 'ok' ? text.overview.healthOk : text.severity[severity])}
    </span>
  );
}
