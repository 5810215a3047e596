/** A sag, swell or interruption, judged by every table and curve: one candidate with all its classes. */
import { en50160Cell } from './en50160.js';
import { ieee1159 } from './ieee1159.js';
import { type MagnitudeTime, worstItic } from './itic.js';
import { semiF47 } from './semi-f47.js';
import {
  type IncidentCandidate,
  type IncidentClass,
  type Metadata,
  type MetadataValue,
  rounded,
} from './types.js';
import type { VoltageFacts } from './voltage-facts.js';

export interface VoltageLimits {
  nominalVoltage: number;
  nominalFrequency: number;
}

export function judgeVoltage(facts: VoltageFacts, limits: VoltageLimits): IncidentCandidate {
  const { nominalVoltage, nominalFrequency } = limits;
  const seconds = (facts.endMs - facts.startMs) / 1000;
  const ieee = ieee1159(facts.worstPu, seconds, nominalFrequency);
  const classes: IncidentClass[] = [ieee.class];
  // a sag that was an interruption for a part of its time is both
  const tail = seconds - facts.interruptedS > 3 / nominalFrequency;
  if (ieee.class === 'VOLTAGE_INTERRUPTION' && tail) classes.push('VOLTAGE_SAG');
  const { points, by } = pointsOf(facts, seconds);
  const itic = worstItic(points);
  if (itic?.region === 'prohibited') classes.push('ITIC_PROHIBITED');
  if (itic?.region === 'no damage') classes.push('ITIC_NO_DAMAGE');
  const semi = facts.kind === 'sag' ? semiF47(points, nominalFrequency) : undefined;
  if (semi?.required === 'violated') classes.push('SEMI_F47_VIOLATION');
  const worst = facts.worstPu * nominalVoltage;
  const pairs: Metadata = {
    ...(itic !== undefined && {
      itic: {
        region: itic.region,
        ...pointMetadata(itic.point),
        judged_by: by,
        scale: nominalVoltage === 120 && nominalFrequency === 60 ? '120 V' : 'per unit',
      },
    }),
    ...(semi !== undefined && {
      semi_f47: {
        required: semi.required,
        recommended: semi.recommended,
        judged_by: by,
        ...(semi.point !== undefined && pointMetadata(semi.point)),
      },
    }),
  };
  return {
    quantity: 'VOLTAGE',
    startMs: facts.startMs,
    endMs: facts.endMs,
    openStart: facts.openStart,
    openEnd: facts.openEnd,
    deviation: rounded(worst - nominalVoltage),
    worst: rounded(worst),
    classes,
    ieeeDuration: ieee.duration,
    metadata: {
      method: 'IEC 61000-4-30 Urms(1/2), IEEE 1159',
      ...magnitude(facts),
      duration_s: rounded(seconds),
      duration_cycles: rounded(seconds * nominalFrequency, 4),
      outside_standard: ieee.outsideStandard,
      ...(facts.openStart || facts.openEnd ? { duration_at_least: true } : {}),
      ...(facts.gapMs > 0 ? { gap_ms: rounded(facts.gapMs) } : {}),
      ...standard(facts),
      ...pairs,
      ...phasor(facts),
      ...(facts.shape.shape === 'unknown'
        ? {}
        : { shape: facts.shape.shape, shape_confidence: facts.shape.confidence }),
    },
  };
}

/**
 * A rectangle is one point: its magnitude for its duration. Of any other shape that point would be too harsh (its depth did not last so long): each threshold with the
 * time beyond it.
 */
function pointsOf(facts: VoltageFacts, seconds: number): { points: MagnitudeTime[]; by: string } {
  const rectangle = { pu: facts.worstPu, seconds };
  const { shape } = facts.shape;
  const one =
    facts.gapMs === 0 &&
    (shape === 'rectangular' || shape === 'unknown') &&
    !(facts.openStart || facts.openEnd);
  if (one || facts.pairs.length === 0) return { points: [rectangle], by: 'magnitude and duration' };
  // a pair stands for voltages just beyond its threshold
  const sign = facts.kind === 'sag' ? -1e-6 : 1e-6;
  const points = facts.pairs.map(({ pu, seconds: time }) => ({ pu: pu + sign, seconds: time }));
  return { points, by: 'time beyond each threshold' };
}

function pointMetadata({ pu, seconds }: MagnitudeTime): Record<string, MetadataValue> {
  return { percent: rounded(pu * 100, 4), seconds: rounded(seconds, 4) };
}

function magnitude({ kind, worstPu, worstMs, interruptedS }: VoltageFacts): Metadata {
  if (kind === 'swell') return { swell_pu: rounded(worstPu), worst_ms: worstMs };
  return {
    residual_pu: rounded(worstPu),
    depth_pu: rounded(1 - worstPu),
    worst_ms: worstMs,
    ...(interruptedS > 0 ? { interrupted_s: rounded(interruptedS) } : {}),
  };
}

function standard(facts: VoltageFacts): Metadata {
  const seconds = (facts.standardEndMs - facts.standardStartMs) / 1000;
  const cell = en50160Cell(facts.worstPu, seconds);
  return {
    iec61000_4_30: {
      start_ms: facts.standardStartMs,
      end_ms: facts.standardEndMs,
      duration_s: rounded(seconds),
    },
    ...(cell !== undefined && { en50160_cell: cell }),
  };
}

function phasor(facts: VoltageFacts): Metadata {
  const { pointOnWaveStart, pointOnWaveEnd, phaseJump, missing } = facts;
  return {
    ...(pointOnWaveStart !== undefined && { point_on_wave_start_deg: rounded(pointOnWaveStart, 4) }),
    ...(pointOnWaveEnd !== undefined && { point_on_wave_end_deg: rounded(pointOnWaveEnd, 4) }),
    ...(phaseJump !== undefined && { phase_jump_deg: rounded(phaseJump, 4) }),
    ...(missing !== undefined && {
      missing_voltage: {
        peak_v: rounded(missing.peak),
        rms_v: rounded(missing.rms),
        area_vs: rounded(missing.area),
      },
    }),
  };
}
