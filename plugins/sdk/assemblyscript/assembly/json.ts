// JSON text (RFC 8259) to values. What is not JSON gives no value and the place of the mistake; nothing traps, whatever the text.
import { beginDecimal, decimalDigit, decimalValue } from './decimal';

/** Lists and objects inside each other; deeper ones are refused. */
const MAX_DEPTH: i32 = 64;

export enum JsonKind {
  Null,
  Bool,
  Number,
  Text,
  List,
  Record,
}

export class Json {
  kind: JsonKind;
  bool: bool = false;
  number: f64 = 0;
  text: string = '';
  /** of a list, and of an object in the order of `keys` */
  items: Json[] = [];
  /** of an object, each once */
  keys: string[] = [];

  constructor(kind: JsonKind) {
    this.kind = kind;
  }

  /** The value of a key; null: there is none. */
  get(key: string): Json | null {
    const at = this.keys.indexOf(key);
    return at < 0 ? null : this.items[at];
  }
}

export class JsonParser {
  private readonly text: string;
  private at: i32 = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Where reading stopped, in UTF-16 units from the start of the text. */
  get position(): i32 {
    return this.at;
  }

  /** The value of the whole text; null: it is not JSON. */
  parse(): Json | null {
    const value = this.value(0);
    if (value === null) return null;
    this.space();
    return this.at === this.text.length ? value : null;
  }

  private code(): i32 {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : -1;
  }

  private space(): void {
    while (true) {
      const code = this.code();
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  /** Goes past a character if it is the next one. */
  private take(code: i32): bool {
    if (this.code() !== code) return false;
    this.at++;
    return true;
  }

  private word(word: string, value: Json): Json | null {
    for (let i = 0; i < word.length; i++) if (!this.take(word.charCodeAt(i))) return null;
    return value;
  }

  private value(depth: i32): Json | null {
    this.space();
    const code = this.code();
    if (code === 0x7b) return depth < MAX_DEPTH ? this.record(depth) : null;
    if (code === 0x5b) return depth < MAX_DEPTH ? this.list(depth) : null;
    if (code === 0x22) {
      const json = new Json(JsonKind.Text);
      const text = this.string();
      if (text === null) return null;
      json.text = text;
      return json;
    }
    if (code === 0x6e) return this.word('null', new Json(JsonKind.Null));
    if (code === 0x66) return this.word('false', new Json(JsonKind.Bool));
    if (code === 0x74) {
      const json = new Json(JsonKind.Bool);
      json.bool = true;
      return this.word('true', json);
    }
    return this.numeral();
  }

  private record(depth: i32): Json | null {
    const json = new Json(JsonKind.Record);
    this.at++;
    this.space();
    if (this.take(0x7d)) return json;
    while (true) {
      this.space();
      if (this.code() !== 0x22) return null;
      const key = this.string();
      if (key === null) return null;
      this.space();
      if (!this.take(0x3a)) return null;
      const value = this.value(depth + 1);
      if (value === null) return null;
      const known = json.keys.indexOf(key);
      // a key that comes twice: the last one holds
      if (known < 0) {
        json.keys.push(key);
        json.items.push(value);
      } else {
        json.items[known] = value;
      }
      this.space();
      if (this.take(0x7d)) return json;
      if (!this.take(0x2c)) return null;
    }
  }

  private list(depth: i32): Json | null {
    const json = new Json(JsonKind.List);
    this.at++;
    this.space();
    if (this.take(0x5d)) return json;
    while (true) {
      const value = this.value(depth + 1);
      if (value === null) return null;
      json.items.push(value);
      this.space();
      if (this.take(0x5d)) return json;
      if (!this.take(0x2c)) return null;
    }
  }

  private string(): string | null {
    this.at++;
    // pieces, not a text that grows: nothing is freed before the call ends
    const pieces: string[] = [];
    let from = this.at;
    while (true) {
      const code = this.code();
      if (code < 0x20) return null; // control characters, and the end of the text
      if (code === 0x22) {
        pieces.push(this.text.slice(from, this.at));
        this.at++;
        return pieces.length === 1 ? pieces[0] : pieces.join('');
      }
      if (code !== 0x5c) {
        this.at++;
        continue;
      }
      pieces.push(this.text.slice(from, this.at));
      this.at++;
      const unit = this.escaped();
      if (unit < 0) return null;
      pieces.push(String.fromCharCode(unit));
      from = this.at;
    }
  }

  /** The UTF-16 unit that an escape stands for; -1: none. */
  private escaped(): i32 {
    const code = this.code();
    if (code < 0) return -1;
    this.at++;
    if (code === 0x22 || code === 0x5c || code === 0x2f) return code;
    if (code === 0x62) return 0x08;
    if (code === 0x66) return 0x0c;
    if (code === 0x6e) return 0x0a;
    if (code === 0x72) return 0x0d;
    if (code === 0x74) return 0x09;
    if (code !== 0x75) return -1;
    let unit = 0;
    for (let i = 0; i < 4; i++) {
      const digit = hexDigit(this.code());
      if (digit < 0) return -1;
      unit = unit * 16 + digit;
      this.at++;
    }
    return unit;
  }

  private numeral(): Json | null {
    beginDecimal();
    const negative = this.take(0x2d);
    // no digits may follow a leading zero
    if (!this.take(0x30) && this.digits(false) === 0) return null;
    if (this.take(0x2e) && this.digits(true) === 0) return null;
    let exponent = 0;
    if (this.take(0x65) || this.take(0x45)) {
      const below = this.take(0x2d);
      if (!below) this.take(0x2b);
      const from = this.at;
      // beyond this every number is 0 or Infinity, whatever digits it has (its text would be as long)
      for (; isDigit(this.code()); this.at++) exponent = min(exponent * 10 + this.code() - 0x30, 100_000_000);
      if (this.at === from) return null;
      if (below) exponent = -exponent;
    }
    const json = new Json(JsonKind.Number);
    const value = decimalValue(exponent);
    json.number = negative ? -value : value;
    return json;
  }

  /** @returns how many there were */
  private digits(afterPoint: bool): i32 {
    const from = this.at;
    for (; isDigit(this.code()); this.at++) decimalDigit(<u8>(this.code() - 0x30), afterPoint);
    return this.at - from;
  }
}

function isDigit(code: i32): bool {
  return code >= 0x30 && code <= 0x39;
}

function hexDigit(code: i32): i32 {
  if (isDigit(code)) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
