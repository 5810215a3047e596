/**
 * Mutations that know text of lines and fields, and binary files of small numbers: numbers become those at the edges, fields and lines are dropped,
 * doubled and moved, signs between fields are exchanged; some bytes are then damaged blindly.
 */
import { damaged } from './mutate.js';
import type { Random } from './random.js';

const NUMBERS = [
  '0',
  '-0',
  '1',
  '-1',
  '2',
  '16',
  '17',
  '255',
  '32767',
  '-32768',
  '65535',
  '65536',
  '99999',
  '999999',
  '2147483647',
  '-2147483648',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '1e9',
  '1e-9',
  '1e300',
  '1e999',
  '-1e999',
  '1e-320',
  '0x10',
  '1,5',
  '1.5',
  '16,7',
  '1.234,5',
  '.',
  '-',
  '+',
  'NaN',
  'Infinity',
  '∞',
  '',
  ' ',
  '2A',
  '3D',
  '1e',
  '00012',
  '12abc',
  '5e-324',
  '١٢',
  '2024-01-02T03:04:05Z',
  '31/02/2024',
  '24:60:61',
  '-5h30',
  'x',
] as const;
const SIGNS = [
  ',',
  ';',
  '\t',
  '|',
  ' ',
  '"',
  '\n',
  '\r',
  '\r\n',
  '\r\r\n',
  '\u001a',
  '\0',
  '\ufeff',
  '(',
  ')',
  '#',
  '--- file type: DAT BINARY: 99 ---\r\n',
  '--- file type: CFG ---\n',
] as const;
const WORDS = [
  'ASCII',
  'BINARY',
  'BINARY32',
  'FLOAT32',
  'P',
  'S',
  'V',
  'kV',
  '(ms)',
  '(fortnights)',
  'Time',
  'Volt',
  'Second',
  'Start',
  'Increment',
  'event_id',
  'box_id',
  'timestamp_ms',
] as const;
const MAX_BYTES = 60_000;

/** An input made of `seed`, with lines of `others`. One character a byte, so that binary parts stay what they are. */
export function mutatedText(seed: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  let text = Buffer.from(seed).toString('latin1');
  for (let edits = 1 + random.below(4); edits > 0; edits -= 1) {
    const what = random.below(10);
    if (what < 4) text = withField(text, random);
    else if (what < 7) text = withLines(text, others, random);
    else if (what < 8) text = withNumber(text, random);
    else text = Buffer.from(damaged(Buffer.from(text, 'latin1'), random)).toString('latin1');
  }
  const bytes = Buffer.from(text, 'latin1');
  return bytes.length > MAX_BYTES ? bytes.subarray(0, MAX_BYTES) : bytes;
}

/** One field of a line becomes another, or the sign before it does. */
function withField(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  let from = at;
  while (from > 0 && !isSign(text.charCodeAt(from - 1))) from -= 1;
  let to = at;
  while (to < text.length && !isSign(text.charCodeAt(to))) to += 1;
  const field = random.onceIn(4) ? random.pick(WORDS) : random.pick(NUMBERS);
  const sign = random.onceIn(6) ? random.pick(SIGNS) : '';
  return text.slice(0, from) + Buffer.from(sign + field, 'utf8').toString('latin1') + text.slice(to);
}

function isSign(code: number): boolean {
  return code === 10 || code === 13 || code === 44 || code === 59 || code === 9;
}

function withLines(text: string, others: readonly Uint8Array[], random: Random): string {
  const lines = text.split('\n');
  const at = random.below(lines.length);
  const line = lines[at] ?? '';
  const what = random.below(6);
  if (what === 0) lines.splice(at, 1);
  else if (what === 1) lines.splice(random.below(lines.length), 0, line);
  else if (what === 2) lines.splice(at, 0, '');
  else if (what === 3 && others.length > 0) {
    const foreign = Buffer.from(random.pick(others)).toString('latin1').split('\n');
    lines.splice(at, 0, random.pick(foreign));
  } else if (what === 4) {
    const [moved = ''] = lines.splice(at, 1);
    lines.splice(random.below(lines.length + 1), 0, moved);
  } else lines[at] = line.repeat(1 + random.below(random.onceIn(50) ? 500 : 4));
  return lines.join('\n');
}

/** A number of two, four or eight bytes, as binary parts have them. */
function withNumber(text: string, random: Random): string {
  const width = random.pick([2, 4, 8]);
  const at = random.below(Math.max(1, text.length - width));
  const value = random.pick(['00', 'ff', '7f', '80', '01']);
  const low = random.onceIn(2) ? value : '00';
  const bytes = Buffer.from((low.repeat(width - 1) + value).slice(0, 2 * width), 'hex').toString('latin1');
  return text.slice(0, at) + bytes + text.slice(at + width);
}
