/** Protobuf's text format: https://protobuf.dev/reference/protobuf/textformat-spec/ */

/** A bare word of the text format: the name of an enum's value. */
export class Word {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

type Value = number | boolean | string | Word | Text;
/** Fields by the names of the .proto; an array is a repeated field, undefined one that is not there. */
export interface Text {
  [field: string]: Value | Value[] | undefined;
}

export function textFormat(text: Text): string {
  return Object.entries(text)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => ({ name, one })))
    .map(({ name, one }) => (one === undefined ? '' : `${name}: ${valueText(one)}\n`))
    .join('');
}

function valueText(value: Value): string {
  if (value instanceof Word) return value.name;
  if (typeof value === 'object') return `{ ${textFormat(value)} }`;
  if (typeof value === 'string')
    return `"${[...Buffer.from(value)].map((byte) => `\\${octal(byte)}`).join('')}"`;
  if (typeof value === 'boolean') return String(value);
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0.0' : String(value);
}

function octal(byte: number): string {
  return byte.toString(8).padStart(3, '0');
}
