/**
 * JSON text (RFC 8259) to a value. `JSON.parse` quotes the text around a mistake, which may be a secret, and takes a field twice without
 * a word; this says line and column instead, and refuses the second.
 */
export interface JsonMistake {
  message: string;
  line: number;
  column: number;
}

export type JsonResult = { value: unknown; mistake?: undefined } | { mistake: JsonMistake };

const MAX_DEPTH = 64;
const NUMBER = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings, so the pattern names them.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const BLANK = /[ \t\n\r]*/y;

class Mistake extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Reads one JSON value; a byte order mark before it is skipped. */
export function readJson(source: string): JsonResult {
  const text = source.replace(/^\uFEFF/, '');
  const scanner = new Scanner(text);
  try {
    scanner.document();
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    const before = text.slice(0, error.at).split('\n');
    return {
      mistake: { message: error.message, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 },
    };
  }
  return { value: JSON.parse(text) };
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value(0);
    this.#blank();
    if (this.#at < this.#text.length) this.#fail('expected the end of the file');
  }

  #value(depth: number): void {
    this.#blank();
    if (depth > MAX_DEPTH) this.#fail(`more than ${MAX_DEPTH} levels deep`);
    const first = this.#text[this.#at];
    if (first === '{') this.#object(depth);
    else if (first === '[') this.#array(depth);
    else if (first === '"')
      this.#string('a text that ends on its line, with \\ only before " \\ / b f n r t u');
    else if (!this.#word() && this.#match(NUMBER) === undefined) this.#fail('expected a value');
  }

  #object(depth: number): void {
    const seen = new Set<string>();
    this.#at += 1;
    if (this.#take('}')) return;
    do {
      this.#blank();
      const start = this.#at;
      const name = JSON.parse(this.#string('a name in double quotes')) as string;
      if (seen.has(name)) throw new Mistake(`${JSON.stringify(name)} appears twice`, start);
      seen.add(name);
      if (!this.#take(':')) this.#fail('expected ":"');
      this.#value(depth + 1);
    } while (this.#take(','));
    if (!this.#take('}')) this.#fail('expected "," or "}"');
  }

  #array(depth: number): void {
    this.#at += 1;
    if (this.#take(']')) return;
    do this.#value(depth + 1);
    while (this.#take(','));
    if (!this.#take(']')) this.#fail('expected "," or "]"');
  }

  #string(expected: string): string {
    return this.#match(STRING) ?? this.#fail(`expected ${expected}`);
  }

  #word(): boolean {
    const word = ['true', 'false', 'null'].find((candidate) => this.#text.startsWith(candidate, this.#at));
    this.#at += word?.length ?? 0;
    return word !== undefined;
  }

  #take(character: string): boolean {
    this.#blank();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #blank(): void {
    this.#match(BLANK);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fail(message: string): never {
    throw new Mistake(this.#at >= this.#text.length ? `${message}, found the end` : message, this.#at);
  }
}
