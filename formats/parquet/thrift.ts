/**
 * Thrift's compact protocol, as Parquet's footer and page headers are written in it. Depth, lists and texts are checked against the bytes that
 * are left, and what is made of them is taken off the reader's budget: a byte can become an object of a hundred.
 */
import type { Budget } from '../budget.js';
import { type Place, shown, unreadable } from '../problems.js';

export type Value = boolean | number | Uint8Array | readonly Value[] | Struct;

const MAX_DEPTH = 24;
/** What a value needs as an object of JavaScript, about. */
const VALUE_BYTES = 64;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

/** Fields by their numbers, with what they should be. */
export class Struct {
  readonly #fields: ReadonlyMap<number, Value>;
  readonly #place: Place;

  constructor(fields: ReadonlyMap<number, Value>, place: Place) {
    this.#fields = fields;
    this.#place = place;
  }

  error(what: string): Error {
    return unreadable(this.#place, what, 'The Parquet file is damaged.');
  }

  #wrong(field: number, expected: string): Error {
    return this.error(`field ${field} of the metadata should be ${expected}`);
  }

  /** A whole number from `min` on; undefined when it is not there. */
  optional(field: number, min = 0): number | undefined {
    const value = this.#fields.get(field);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return value;
    throw this.error(`field ${field} of the metadata is ${String(value)}, below ${min} or no whole number`);
  }

  whole(field: number, min = 0): number {
    const value = this.optional(field, min);
    if (value === undefined) throw this.#wrong(field, 'a number, and is missing');
    return value;
  }

  flag(field: number): boolean | undefined {
    const value = this.#fields.get(field);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.#wrong(field, 'a flag');
  }

  text(field: number): string {
    const value = this.#fields.get(field);
    if (value === undefined) return '';
    if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
    throw this.#wrong(field, 'a text');
  }

  struct(field: number): Struct | undefined {
    const value = this.#fields.get(field);
    if (value === undefined || value instanceof Struct) return value;
    throw this.#wrong(field, 'a group');
  }

  structs(field: number): Struct[] {
    return this.#list(field).map((item) => {
      if (item instanceof Struct) return item;
      throw this.#wrong(field, 'a list of groups');
    });
  }

  texts(field: number): string[] {
    return this.#list(field).map((item) => {
      if (item instanceof Uint8Array) return Buffer.from(item).toString('utf8');
      throw this.#wrong(field, 'a list of texts');
    });
  }

  #list(field: number): readonly Value[] {
    const value = this.#fields.get(field);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    throw this.#wrong(field, 'a list');
  }
}

/** Reads one structure from `at` on. */
export class ThriftReader {
  #at: number;
  readonly #bytes: Uint8Array;
  readonly #file: string;
  readonly #budget: Budget;
  /** where `bytes` begins in the file */
  readonly #from: number;

  constructor(bytes: Uint8Array, from: number, file: string, budget: Budget) {
    this.#bytes = bytes;
    this.#at = 0;
    this.#from = from;
    this.#file = file;
    this.#budget = budget;
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at;
  }

  #place(): Place {
    return { file: this.#file, byte: this.#from + this.#at };
  }

  #fail(message: string): Error {
    return unreadable(this.#place(), shown(message), 'The Parquet file is damaged.');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw this.#fail('its metadata ends too early');
    this.#at += 1;
    return byte;
  }

  /** Up to 64 bits; what a double does not hold is rounded and refused by who needs it. */
  #varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i += 1) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw this.#fail('a number of more than 64 bits');
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  struct(depth = 0): Struct {
    if (depth > MAX_DEPTH) throw this.#fail(`metadata more than ${MAX_DEPTH} deep`);
    const place = this.#place();
    const fields = new Map<number, Value>();
    this.#budget.take(VALUE_BYTES, place);
    for (let id = 0; ; ) {
      const head = this.#byte();
      if (head === 0) return new Struct(fields, place);
      const step = head >> 4;
      id = step === 0 ? this.#zigzag() : id + step;
      fields.set(id, this.#value(head & 0x0f, depth, true));
    }
  }

  #value(type: number, depth: number, inField: boolean): Value {
    this.#budget.take(VALUE_BYTES, this.#place());
    switch (type) {
      case 1:
      case 2:
        return inField ? type === 1 : this.#byte() === 1;
      case 3:
        return (this.#byte() << 24) >> 24;
      case 4:
      case 5:
      case 6:
        return this.#zigzag();
      case 7: {
        for (let i = 0; i < 8; i += 1) this.#byte();
        return Number.NaN;
      }
      case BINARY: {
        const length = this.#varint();
        if (!(length <= this.#bytes.length - this.#at)) throw this.#fail(`a text of ${length} bytes`);
        this.#at += length;
        return this.#bytes.subarray(this.#at - length, this.#at);
      }
      case LIST:
        return this.#list(depth);
      case STRUCT:
        return this.struct(depth + 1);
      default:
        throw this.#fail(`a value of type ${type}, which Parquet's metadata does not have`);
    }
  }

  #list(depth: number): Value[] {
    if (depth > MAX_DEPTH) throw this.#fail(`metadata more than ${MAX_DEPTH} deep`);
    const head = this.#byte();
    const size = head >> 4 === 15 ? this.#varint() : head >> 4;
    // Every item has a byte at least.
    if (!(size <= this.#bytes.length - this.#at)) throw this.#fail(`a list of ${size} items`);
    const items: Value[] = [];
    for (let i = 0; i < size; i += 1) items.push(this.#value(head & 0x0f, depth + 1, false));
    return items;
  }
}
