/** One disturbance that a gap of the waveform cut in two becomes one candidate again. */
import { ieeeDuration } from './ieee1159.js';
import type { IncidentCandidate } from './types.js';

/** Joins candidates of the same quantity and first class where one was not over at a gap and the other was there behind it. */
export function joinCandidates(
  candidates: readonly IncidentCandidate[],
  maxGapMs: number,
  nominalFrequency: number,
): IncidentCandidate[] {
  const joined: IncidentCandidate[] = [];
  for (const candidate of candidates) {
    const at = candidate.openStart
      ? joined.findLastIndex((other) => continues(other, candidate, maxGapMs))
      : -1;
    const before = joined[at];
    if (before === undefined) joined.push(candidate);
    else joined[at] = join(before, candidate, nominalFrequency);
  }
  return joined;
}

function continues(before: IncidentCandidate, next: IncidentCandidate, maxGapMs: number): boolean {
  return (
    before.openEnd &&
    before.quantity === next.quantity &&
    before.classes[0] === next.classes[0] &&
    next.startMs >= before.endMs &&
    next.startMs - before.endMs <= maxGapMs
  );
}

function join(a: IncidentCandidate, b: IncidentCandidate, nominalFrequency: number): IncidentCandidate {
  const worse = Math.abs(b.deviation) > Math.abs(a.deviation) ? b : a;
  const seconds = (b.endMs - a.startMs) / 1000;
  const gapMs = b.startMs - a.endMs + gapIn(a) + gapIn(b);
  return {
    ...worse,
    startMs: a.startMs,
    endMs: b.endMs,
    openStart: a.openStart,
    openEnd: b.openEnd,
    classes: [...new Set([...a.classes, ...b.classes])],
    ieeeDuration: worse.quantity === 'TRANSIENT' ? 'UNDEFINED' : ieeeDuration(seconds, nominalFrequency),
    metadata: { ...worse.metadata, gap_ms: gapMs },
  };
}

function gapIn({ metadata }: IncidentCandidate): number {
  const gap = metadata.gap_ms;
  return typeof gap === 'number' ? gap : 0;
}
