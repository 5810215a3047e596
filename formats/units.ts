/** Units as files write them, to SI. What is not known is not guessed: the caller refuses it where a value depends on it. */

export type Quantity =
  | 'voltage'
  | 'current'
  | 'time'
  | 'frequency'
  | 'power'
  | 'angle'
  | 'temperature'
  | 'ratio';

export interface Unit {
  quantity: Quantity;
  /** SI value = factor * value in this unit; V, A, s, Hz, W (VA, var), degree, °C, 1 */
  factor: number;
}

const PREFIXES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    '': 1,
    n: 1e-9,
    u: 1e-6,
    µ: 1e-6,
    μ: 1e-6,
    m: 1e-3,
    k: 1e3,
    K: 1e3,
    M: 1e6,
    G: 1e9,
  } as const),
);

/** Upper and lower case differ (mV, MV), so symbols are matched as they are; the few that are often written otherwise stand here. */
const SYMBOLS: ReadonlyMap<string, Quantity> = new Map(
  Object.entries({
    V: 'voltage',
    v: 'voltage',
    A: 'current',
    a: 'current',
    s: 'time',
    S: 'time',
    Hz: 'frequency',
    hz: 'frequency',
    HZ: 'frequency',
    W: 'power',
    VA: 'power',
    var: 'power',
    VAR: 'power',
    VAr: 'power',
    Var: 'power',
  } as const),
);

const WORDS: ReadonlyMap<string, Quantity> = new Map(
  Object.entries({
    volt: 'voltage',
    volts: 'voltage',
    amp: 'current',
    amps: 'current',
    ampere: 'current',
    amperes: 'current',
    second: 'time',
    seconds: 'time',
    sec: 'time',
    secs: 'time',
    hertz: 'frequency',
    watt: 'power',
    watts: 'power',
  } as const),
);

const WORD_PREFIXES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    '': 1,
    nano: 1e-9,
    micro: 1e-6,
    milli: 1e-3,
    kilo: 1e3,
    mega: 1e6,
  } as const),
);

const OTHERS: ReadonlyMap<string, Unit> = new Map(
  Object.entries({
    msec: { quantity: 'time', factor: 1e-3 },
    usec: { quantity: 'time', factor: 1e-6 },
    min: { quantity: 'time', factor: 60 },
    h: { quantity: 'time', factor: 3600 },
    '%': { quantity: 'ratio', factor: 0.01 },
    pu: { quantity: 'ratio', factor: 1 },
    'p.u.': { quantity: 'ratio', factor: 1 },
    deg: { quantity: 'angle', factor: 1 },
    '°': { quantity: 'angle', factor: 1 },
    degrees: { quantity: 'angle', factor: 1 },
    '°C': { quantity: 'temperature', factor: 1 },
    degC: { quantity: 'temperature', factor: 1 },
  } as const),
);

const ENDINGS = /\s*(?:rms|peak|pk|\(rms\)|\(pk\))$/i;

/**
 * What a unit means: `kV`, `mV`, `uV`, `volts`, `Millisecond`, `Vrms`.
 * @returns undefined for one that is not known, and for an empty text
 */
export function unitOf(text: string): Unit | undefined {
  const clean = text.trim().replace(ENDINGS, '');
  const other = OTHERS.get(clean) ?? OTHERS.get(clean.toLowerCase());
  if (other !== undefined) return other;
  return symbol(clean) ?? word(clean.toLowerCase());
}

function symbol(text: string): Unit | undefined {
  for (const [name, quantity] of SYMBOLS) {
    if (!text.endsWith(name)) continue;
    const factor = PREFIXES.get(text.slice(0, -name.length));
    // 'KV' and 'kv' are kilovolts to everybody; 'MV' stays megavolts and 'mV' millivolts
    if (factor !== undefined) return { quantity, factor };
  }
  return undefined;
}

function word(text: string): Unit | undefined {
  for (const [prefix, factor] of WORD_PREFIXES) {
    if (!text.startsWith(prefix)) continue;
    const quantity = WORDS.get(text.slice(prefix.length));
    if (quantity !== undefined) return { quantity, factor };
  }
  return undefined;
}
