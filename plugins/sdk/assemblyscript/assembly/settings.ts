// A plugin's settings: read by path, every mistake noted, so that all of them are reported together.
import {
  SETTING_BYTES,
  SETTING_FLAG,
  SETTING_LIST,
  SETTING_NUMBER,
  SETTING_OBJECT,
  SETTING_TEXT,
  Setting,
} from './abi';

/** What a number may be. */
export class Range {
  min: f64 = -Infinity;
  max: f64 = Infinity;
  /** neither of them may be the number itself */
  above: f64 = -Infinity;
  below: f64 = Infinity;
  whole: bool = false;

  /** `min` and `max` are allowed themselves. */
  static between(min: f64, max: f64): Range {
    const range = new Range();
    range.min = min;
    range.max = max;
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
    if (value < this.min) return `must be ${plain(this.min)} or more`;
    if (value > this.max) return `must be ${plain(this.max)} or less`;
    if (!(value > this.above)) return `must be more than ${plain(this.above)}`;
    if (!(value < this.below)) return `must be less than ${plain(this.below)}`;
    return '';
  }
}

/** One setting as it came. */
class Item {
  wasRead: bool = false;
  constructor(
    readonly path: string,
    readonly kind: u8,
    readonly value: f64,
    readonly text: string,
  ) {}
}

/** Paths are names from the outside in: `alpha`, `limits.0.low`. */
export class Settings {
  /** what is wrong, one sentence each */
  readonly problems: string[] = [];
  private readonly items: Item[] = [];
  private readonly byPath: Map<string, Item> = new Map<string, Item>();

  /** @param at address of the records that the host wrote */
  constructor(at: usize, bytes: u32) {
    const end = at + bytes;
    while (at + SETTING_BYTES <= end) {
      const head = changetype<Setting>(at);
      const path = String.UTF8.decodeUnsafe(at + SETTING_BYTES, head.pathBytes);
      const text = String.UTF8.decodeUnsafe(at + SETTING_BYTES + head.pathBytes, head.textBytes);
      const item = new Item(path, head.kind, head.value, text);
      this.items.push(item);
      this.byPath.set(path, item);
      at += head.bytes;
    }
  }

  number(path: string, fallback: f64, range: Range = new Range()): f64 {
    const item = this.find(path);
    if (item === null) return fallback;
    const problem = item.kind === SETTING_NUMBER ? range.problem(item.value) : 'must be a number';
    if (problem.length === 0) return item.value;
    this.refuse(path, problem);
    return fallback;
  }

  flag(path: string, fallback: bool): bool {
    const item = this.find(path);
    if (item === null) return fallback;
    if (item.kind === SETTING_FLAG) return item.value !== 0;
    this.refuse(path, 'must be true or false');
    return fallback;
  }

  text(path: string, fallback: string): string {
    const item = this.find(path);
    if (item === null) return fallback;
    if (item.kind === SETTING_TEXT) return item.text;
    this.refuse(path, 'must be text');
    return fallback;
  }

  /** How many items a list has: they are `<path>.0`, `<path>.1` and so on. 0 when the setting is not there. */
  count(path: string): i32 {
    const item = this.find(path);
    if (item === null) return 0;
    if (item.kind === SETTING_LIST) return <i32>item.value;
    this.refuse(path, 'must be a list');
    return 0;
  }

  /** Whether a setting is there, of whatever kind. */
  has(path: string): bool {
    return this.byPath.has(path);
  }

  /** A list of box ids. */
  boxIds(path: string): u32[] {
    const ids: u32[] = [];
    const range = Range.between(0, 4294967295);
    range.whole = true;
    const count = this.count(path);
    for (let i = 0; i < count; i++) ids.push(<u32>this.number(`${path}.${i}`, 0, range));
    return ids;
  }

  /** Notes what is wrong with a setting. */
  refuse(path: string, problem: string): void {
    this.problems.push(`${path}: ${problem}`);
  }

  /** Notes every setting that was not read: most often it is misspelt. Called by the library when `configure` returns. */
  refuseOthers(): void {
    let reported = '';
    for (let i = 0; i < this.items.length; i++) {
      const item = this.items[i];
      if (item.wasRead) continue;
      if (reported.length > 0 && item.path.startsWith(reported)) continue;
      if (item.kind === SETTING_OBJECT && this.readsInside(item.path, i)) continue;
      reported = `${item.path}.`;
      this.problems.push(`${item.path}: no such setting`);
    }
  }

  /** Whether something in a list or an object was read. What is in it comes right behind it. */
  private readsInside(path: string, at: i32): bool {
    const prefix = `${path}.`;
    for (let i = at + 1; i < this.items.length && this.items[i].path.startsWith(prefix); i++) {
      if (this.items[i].wasRead) return true;
    }
    return false;
  }

  private find(path: string): Item | null {
    if (!this.byPath.has(path)) return null;
    const item = this.byPath.get(path);
    item.wasRead = true;
    return item;
  }
}

/** A number as people write it: without the point that the language puts behind whole ones. */
export function plain(value: f64): string {
  const text = value.toString();
  return text.endsWith('.0') ? text.slice(0, text.length - 2) : text;
}
