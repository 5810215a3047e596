/** The one time range of the page: relative to now (`24h`) or from one time to another. It lives in the address. */

export interface Range {
  fromMs: number;
  toMs: number;
}

/** What the address says. */
export type RangeChoice = { kind: 'last'; preset: Preset } | { kind: 'fixed'; fromMs: number; toMs: number };

export const PRESETS = {
  '15min': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
  '30d': 2_592_000_000,
  '1y': 31_536_000_000,
} as const;

export type Preset = keyof typeof PRESETS;

export const DEFAULT_PRESET: Preset = '24h';
/** Narrower than this shows nothing, wider than this is a slip of the hand. */
const MIN_SPAN_MS = 1;
const MAX_SPAN_MS = 20 * 31_557_600_000;

export function isPreset(text: string | null): text is Preset {
  return text !== null && Object.hasOwn(PRESETS, text);
}

/** Whatever the address holds: what is wrong there becomes the default. */
export function parseRange(params: URLSearchParams): RangeChoice {
  const from = Number(params.get('from') ?? Number.NaN);
  const to = Number(params.get('to') ?? Number.NaN);
  if (Number.isFinite(from) && Number.isFinite(to) && to - from >= MIN_SPAN_MS && to - from <= MAX_SPAN_MS) {
    return { kind: 'fixed', fromMs: from, toMs: to };
  }
  const last = params.get('last');
  return { kind: 'last', preset: isPreset(last) ? last : DEFAULT_PRESET };
}

/** The parameters that say this choice; the default says nothing. */
export function rangeParams(choice: RangeChoice): Record<'from' | 'to' | 'last', string | undefined> {
  if (choice.kind === 'fixed') {
    return { from: String(Math.round(choice.fromMs)), to: String(Math.round(choice.toMs)), last: undefined };
  }
  const last = choice.preset === DEFAULT_PRESET ? undefined : choice.preset;
  return { from: undefined, to: undefined, last };
}

export function resolveRange(choice: RangeChoice, nowMs: number): Range {
  if (choice.kind === 'fixed') return { fromMs: choice.fromMs, toMs: choice.toMs };
  return { fromMs: nowMs - PRESETS[choice.preset], toMs: nowMs };
}

/** Zooms by a factor (below 1: in) and keeps the point at `centre` where it is, within `limits`. */
export function zoomed(range: Range, factor: number, centre: number, limits: Range, minSpan: number): Range {
  const span = Math.min(limits.toMs - limits.fromMs, Math.max(minSpan, (range.toMs - range.fromMs) * factor));
  const share = (centre - range.fromMs) / (range.toMs - range.fromMs);
  const fromMs = centre - Math.min(1, Math.max(0, share)) * span;
  return inside({ fromMs, toMs: fromMs + span }, limits);
}

/** Moves by a share of its own length. */
export function panned(range: Range, share: number, limits: Range): Range {
  const step = (range.toMs - range.fromMs) * share;
  return inside({ fromMs: range.fromMs + step, toMs: range.toMs + step }, limits);
}

/** The same length, moved into the limits; cut to them where it is longer. */
export function inside(range: Range, limits: Range): Range {
  const span = range.toMs - range.fromMs;
  if (span >= limits.toMs - limits.fromMs) return { ...limits };
  if (range.fromMs < limits.fromMs) return { fromMs: limits.fromMs, toMs: limits.fromMs + span };
  if (range.toMs > limits.toMs) return { fromMs: limits.toMs - span, toMs: limits.toMs };
  return range;
}
