// The library's JSON parser and settings, for tests: values come out as text that shows every bit.
import { Json, JsonKind, JsonParser, Range, Settings } from '../../../plugins/sdk/assemblyscript/assembly';

export function allocate(bytes: u32): usize {
  return heap.alloc(bytes);
}

export function release(at: usize): void {
  heap.free(at);
  __collect();
}

let shown: ArrayBuffer = new ArrayBuffer(0);

function show(text: string): u32 {
  shown = String.UTF8.encode(text);
  return shown.byteLength;
}

export function result(): usize {
  return changetype<usize>(shown);
}

/** @returns the length of the text at `result()` */
export function parse(at: usize, bytes: u32): u32 {
  const parser = new JsonParser(String.UTF8.decodeUnsafe(at, bytes));
  const json = parser.parse();
  return show(json === null ? `not JSON at ${parser.position}` : canonical(json));
}

/** Reads some settings. */
export function read(at: usize, bytes: u32): u32 {
  const settings = new Settings(String.UTF8.decodeUnsafe(at, bytes));
  const share = Range.over(0);
  share.greatest = 1;
  const whole = Range.between(-5, 5);
  whole.whole = true;
  const values: string[] = [
    bits(settings.number('share', 0.5, share)),
    bits(settings.number('whole', 0, whole)),
    settings.flag('flag', true).toString(),
    settings.text('name', 'nobody'),
    settings.boxIds('boxes').join(' '),
  ];
  settings.refuseOthers();
  return show(values.join(', ') + '; ' + settings.problems.join('; '));
}

function bits(value: f64): string {
  return reinterpret<u64>(value).toString(16);
}

function canonical(json: Json): string {
  if (json.kind === JsonKind.Null) return 'null';
  if (json.kind === JsonKind.Bool) return json.bool ? 'true' : 'false';
  if (json.kind === JsonKind.Number) return bits(json.number);
  if (json.kind === JsonKind.Text) return units(json.text);
  if (json.kind === JsonKind.List) return `[${json.items.map<string>((item) => canonical(item)).join(',')}]`;
  const members: string[] = [];
  for (let i = 0; i < json.keys.length; i++)
    members.push(`${units(json.keys[i])}:${canonical(json.items[i])}`);
  members.sort();
  return `{${members.join(',')}}`;
}

function units(text: string): string {
  const hex: string[] = [];
  for (let i = 0; i < text.length; i++) hex.push(text.charCodeAt(i).toString(16));
  return '"' + hex.join('.') + '"';
}
