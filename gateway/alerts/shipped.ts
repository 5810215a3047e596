/** Which incidents, findings and faults make an alert without anybody writing a rule. */
import type { BoxFindingCode } from '../../common/box-findings.js';
import type { ReportIncident } from '../../reports/incidents.js';
import type { AlertFields } from '../../store/store.js';

export type Severity = AlertFields['severity'];

/** Tags of the shipped alerts, for `tags` of recipients. */
export const TAGS = {
  incident: 'power-quality',
  outage: 'outage',
  finding: 'boxes',
  daemon: 'system',
  disk: 'system',
} as const;

interface IncidentRule {
  classification: string;
  severity: Severity;
  /** per unit of nominal: the residual voltage is at most this */
  atMostPu?: number;
  /** per unit of nominal: the highest voltage is at least this */
  atLeastPu?: number;
}

/** The first that holds counts; an incident that none holds for makes no alert. */
export const INCIDENT_RULES: readonly IncidentRule[] = [
  { classification: 'VOLTAGE_INTERRUPTION', severity: 'critical' },
  { classification: 'ITIC_PROHIBITED', severity: 'critical' },
  { classification: 'VOLTAGE_SAG', severity: 'critical', atMostPu: 0.5 },
  { classification: 'VOLTAGE_SAG', severity: 'warning' },
  { classification: 'VOLTAGE_SWELL', severity: 'critical', atLeastPu: 1.4 },
  { classification: 'VOLTAGE_SWELL', severity: 'warning' },
  { classification: 'SEMI_F47_VIOLATION', severity: 'warning' },
  { classification: 'UNDERVOLTAGE', severity: 'warning' },
  { classification: 'OVERVOLTAGE', severity: 'warning' },
  { classification: 'FREQUENCY_INTERRUPTION', severity: 'critical' },
];

/** @param incidents of a group; undefined: no alert */
export function severityOf(
  incidents: readonly Pick<ReportIncident, 'classifications' | 'magnitude_pu'>[],
): Severity | undefined {
  const rule = INCIDENT_RULES.find(({ atLeastPu, atMostPu, classification }) =>
    incidents.some(({ classifications, magnitude_pu: pu }) => {
      if (!classifications.includes(classification)) return false;
      if (atMostPu !== undefined) return pu !== undefined && pu <= atMostPu;
      return atLeastPu === undefined || (pu !== undefined && pu >= atLeastPu);
    }),
  );
  return rule?.severity;
}

/** Findings that somebody should hear of; the others are shown, no more. */
export const FINDING_SEVERITY: Partial<Record<BoxFindingCode, Severity>> = {
  ID_IN_USE_TWICE: 'critical',
  CLOCK_STOPPED: 'critical',
  CLOCK_OFFSET: 'warning',
  NO_REPLIES: 'warning',
  NOISY_INPUT: 'warning',
  RATE: 'notice',
  METER_SILENT: 'warning',
  CALIBRATION_SUSPECT: 'notice',
  WAVEFORM_BUDGET: 'notice',
};

/** The disk is low below this share of its size, and no longer low above the second one. */
export const DISK_LOW = 0.1;
export const DISK_OK = 0.12;

/** ms in which outages, and findings of the same code, become one alert. */
export const GATHER_MS = { outage: 5000, finding: 15_000 } as const;
