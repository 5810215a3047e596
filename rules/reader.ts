/** Values of a message by their names. */

/** Types of the seed's `payload_type`: to what the values of a message are converted before they are compared. */
export const PAYLOAD_TYPES = ['int', 'float', 'str', 'bool'] as const;
export type PayloadType = (typeof PAYLOAD_TYPES)[number];

export type Scalar = string | number | boolean | undefined;
export type Read = (message: unknown) => Scalar;

/** @param type to what the value is converted. What a message does not have, and what is no scalar, is undefined */
export function reader(path: readonly string[], type: PayloadType | undefined): Read {
  const raw = pathReader(path.map(asKey));
  if (type === undefined) return (message) => scalar(raw(message));
  const convert = CONVERSIONS[type];
  return (message) => convert(scalar(raw(message)));
}

/** The same text as a key of an object: V8 finds a property by a part of another string several times more slowly. */
function asKey(name: string): string {
  return Object.keys({ [name]: 0 })[0] ?? name;
}

/** Paths of one and two names, which nearly all are, without a loop. */
function pathReader(path: readonly string[]): (message: unknown) => unknown {
  const [first = '', second = ''] = path;
  if (path.length === 1) return (message) => ownValue(message, first);
  if (path.length === 2) return (message) => ownValue(ownValue(message, first), second);
  return (message) => path.reduce(ownValue, message);
}

/** Only what the message itself has: nothing of a prototype. */
function ownValue(holder: unknown, name: string): unknown {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) return undefined;
  return (holder as Readonly<Record<string, unknown>>)[name];
}

function scalar(value: unknown): Scalar {
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
    ? value
    : undefined;
}

const CONVERSIONS: Record<PayloadType, (value: Scalar) => Scalar> = {
  int: (value) => {
    const number = numberOf(value);
    return number === undefined ? undefined : Math.trunc(number);
  },
  float: numberOf,
  str: (value) => (value === undefined ? undefined : String(value)),
  bool: (value) => {
    if (typeof value === 'boolean') return value;
    if (value === 1 || value === 'true' || value === 'True') return true;
    return value === 0 || value === 'false' || value === 'False' ? false : undefined;
  },
};

function numberOf(value: Scalar): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}
