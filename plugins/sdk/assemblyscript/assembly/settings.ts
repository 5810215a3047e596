// A plugin's settings: read field by field, every mistake noted, so that all are told at once.
import { Json, JsonKind, JsonParser } from './json';

/** What a number may be. */
export class Range {
  least: f64 = -Infinity;
  greatest: f64 = Infinity;
  /** neither of them may be the number itself */
  above: f64 = -Infinity;
  below: f64 = Infinity;
  whole: bool = false;

  /** `least` and `greatest` are allowed themselves. */
  static between(least: f64, greatest: f64): Range {
    const range = new Range();
    range.least = least;
    range.greatest = greatest;
    return range;
  }

  /** Any number greater than this. */
  static over(limit: f64): Range {
    const range = new Range();
    range.above = limit;
    return range;
  }

  /** What is wrong with a number; empty: nothing. */
  problem(value: f64): string {
    if (!isFinite(value)) return 'must be finite';
    if (this.whole && Math.floor(value) !== value) return 'must be a whole number';
    if (value < this.least) return `must be ${plain(this.least)} or more`;
    if (value > this.greatest) return `must be ${plain(this.greatest)} or less`;
    if (!(value > this.above)) return `must be more than ${plain(this.above)}`;
    if (!(value < this.below)) return `must be less than ${plain(this.below)}`;
    return '';
  }
}

export class Settings {
  /** what is wrong, one sentence each */
  readonly problems: string[] = [];
  private readonly json: Json;
  private readonly read: string[] = [];

  constructor(text: string) {
    const parser = new JsonParser(text);
    const json = parser.parse();
    this.json = json === null ? new Json(JsonKind.Record) : json;
    if (json === null) this.problems.push(`settings: not JSON, at character ${parser.position}`);
    else if (json.kind !== JsonKind.Record) this.problems.push('settings: must be an object');
  }

  number(name: string, fallback: f64, range: Range = new Range()): f64 {
    const value = this.field(name);
    if (value === null) return fallback;
    const problem = value.kind === JsonKind.Number ? range.problem(value.number) : 'must be a number';
    if (problem.length === 0) return value.number;
    this.refuse(name, problem);
    return fallback;
  }

  flag(name: string, fallback: bool): bool {
    const value = this.field(name);
    if (value === null) return fallback;
    if (value.kind === JsonKind.Bool) return value.bool;
    this.refuse(name, 'must be true or false');
    return fallback;
  }

  text(name: string, fallback: string): string {
    const value = this.field(name);
    if (value === null) return fallback;
    if (value.kind === JsonKind.Text) return value.text;
    this.refuse(name, 'must be text');
    return fallback;
  }

  /** A list of box ids. */
  boxIds(name: string): u32[] {
    const value = this.field(name);
    const ids: u32[] = [];
    if (value === null) return ids;
    let sound = value.kind === JsonKind.List;
    for (let i = 0; i < value.items.length; i++) {
      const number = value.items[i].number;
      const isId = value.items[i].kind === JsonKind.Number && number >= 0 && number <= 4294967295;
      if (isId && Math.floor(number) === number) ids.push(<u32>number);
      else sound = false;
    }
    if (!sound) this.refuse(name, 'must be a list of box ids');
    return ids;
  }

  /** Notes what is wrong with a field. */
  refuse(name: string, problem: string): void {
    this.problems.push(`${name}: ${problem}`);
  }

  /** Notes every field that was not read: most often it is misspelt. Called by the library when `configure` returns. */
  refuseOthers(): void {
    for (let i = 0; i < this.json.keys.length; i++) {
      const key = this.json.keys[i];
      if (!this.read.includes(key)) this.problems.push(`${key}: no such setting`);
    }
  }

  private field(name: string): Json | null {
    this.read.push(name);
    return this.json.kind === JsonKind.Record ? this.json.get(name) : null;
  }
}

/** A number as people write it: without the point that the language puts behind whole ones. */
export function plain(value: f64): string {
  const text = value.toString();
  return text.endsWith('.0') ? text.slice(0, text.length - 2) : text;
}
