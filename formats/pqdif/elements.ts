/**
 * The body of a PQDIF record as elements (IEEE Std 1159.3, Annex A). A collection is a count and that many entries of 28 bytes: tag (GUID),
 * kind, physical type, whether the value stands in the entry itself, then the value or a link (from the body's start) and a size. Every
 * link, count and size is checked against the body before it is used.
 */
import type { Budget } from '../budget.js';
import { type Place, unreadable } from '../problems.js';
import type { Warnings } from '../warnings.js';
import { guidBytes, guidText, numberAt, type PhysicalName, physicalName, SIZES } from './physical.js';
import { TAGS, type TagName } from './tags.js';

const ENTRY_BYTES = 28;
/** What an element needs in memory, about. */
const ELEMENT_BYTES = 100;
/** A file of the standard has 7 levels. */
const MAX_DEPTH = 16;
const NO_LINK = 'the file is damaged or its writer does not keep to IEEE 1159.3';
/** Longer texts are cut; the standard's are names and notes. */
const MAX_TEXT = 65_536;

/** By the id's bytes as Latin-1, which is quickly had. */
const NAMES: ReadonlyMap<string, TagName> = new Map(
  Object.entries(TAGS).map(([name, id]) => [guidBytes(id).toString('latin1'), name as TagName]),
);

/** Bytes of a record's body, and where they stand in the file. */
export interface Body {
  bytes: Buffer;
  file: string;
  /** where the record begins in the file */
  recordByte: number;
  /** where the body begins in the file; undefined when it was compressed */
  bodyByte: number | undefined;
  warnings: Warnings;
}

/** Where in the file; of a compressed body only the record can be named. */
export function placeIn({ file, recordByte, bodyByte }: Body, at: number): Place {
  return { file, byte: bodyByte === undefined ? recordByte : bodyByte + at };
}

/** `, at byte 12 of its decompressed body` where the place in the file cannot say it. */
function inBody({ bodyByte }: Body, at: number): string {
  return bodyByte === undefined ? ` (byte ${at} of the record's decompressed body)` : '';
}

export function damaged(body: Body, at: number, message: string): Error {
  return unreadable(placeIn(body, at), `${message}${inBody(body, at)}`, NO_LINK);
}

interface Entry {
  tag: TagName | undefined;
  /** where the entry stands in the body */
  at: number;
}
export interface ScalarElement extends Entry {
  kind: 'scalar';
  type: PhysicalName;
  /** where its value stands in the body */
  valueAt: number;
}
export interface VectorElement extends Entry {
  kind: 'vector';
  type: PhysicalName;
  count: number;
  /** where its first value stands in the body */
  valueAt: number;
}
interface CollectionElement extends Entry {
  kind: 'collection';
  collection: Collection;
}
type Element = ScalarElement | VectorElement | CollectionElement;

/** The whole body as a tree. @throws MakaiError for what lies outside the body or is more than fits in it */
export function parseBody(body: Body, budget: Budget): Collection {
  // Each entry has its own 28 bytes, so there can be no more; links that lead twice to the same bytes could make millions of few.
  const room = { entries: Math.floor(body.bytes.length / ENTRY_BYTES), budget };
  return parse(body, 0, 0, room);
}

interface Room {
  entries: number;
  budget: Budget;
}

function parse(body: Body, at: number, depth: number, room: Room): Collection {
  if (depth > MAX_DEPTH) throw damaged(body, at, `collections lie more than ${MAX_DEPTH} deep`);
  if (at < 0 || at > body.bytes.length - 4) {
    throw damaged(body, at, `a collection would begin at ${at}, and the body has ${body.bytes.length} bytes`);
  }
  const count = body.bytes.readInt32LE(at);
  if (count < 0 || at + 4 + count * ENTRY_BYTES > body.bytes.length) {
    throw damaged(
      body,
      at,
      `a collection of ${count} elements does not fit into the body's ${body.bytes.length} bytes`,
    );
  }
  room.entries -= count;
  if (room.entries < 0)
    throw damaged(body, at, 'collections overlap: there are more elements than the body has room for');
  room.budget.take(count * ELEMENT_BYTES, placeIn(body, at));
  const elements: Element[] = [];
  for (let i = 0; i < count; i += 1) {
    const element = entry(body, at + 4 + i * ENTRY_BYTES, depth, room);
    if (element !== undefined) elements.push(element);
  }
  return new Collection(body, at, elements);
}

function entry(body: Body, at: number, depth: number, room: Room): Element | undefined {
  const { bytes } = body;
  const tag = NAMES.get(bytes.toString('latin1', at, at + 16));
  const kind = bytes.readUInt8(at + 16);
  const embedded = bytes.readUInt8(at + 18) !== 0;
  const link = bytes.readInt32LE(at + 20);
  const size = bytes.readInt32LE(at + 24);
  if (kind === 1) {
    // What is not known is skipped without being looked at.
    if (tag === undefined) return undefined;
    const collection = parse(body, link, depth + 1, room);
    const needed = 4 + ENTRY_BYTES * bytes.readInt32LE(link);
    if (size !== needed) sizeWarning(body, at, tag, size, needed);
    return { kind: 'collection', tag, at, collection };
  }
  if (kind !== 2 && kind !== 3)
    throw damaged(
      body,
      at,
      `${tag ?? guidText(bytes, at)}: element kind ${kind}, where only 1 to 3 are defined`,
    );
  const type = physicalName(bytes.readUInt8(at + 17));
  if (type === undefined) {
    if (tag === undefined) return undefined;
    throw damaged(body, at, `${tag}: physical type ${bytes.readUInt8(at + 17)} is not defined`);
  }
  if (kind === 2) {
    const valueAt = embedded && SIZES[type] <= 8 ? at + 20 : link;
    if (valueAt < 0 || valueAt + SIZES[type] > bytes.length) throw outside(body, at, tag, valueAt, 1, type);
    return { kind: 'scalar', tag, at, type, valueAt };
  }
  if (link < 0 || link > bytes.length - 4) throw outside(body, at, tag, link, 0, type);
  const count = bytes.readInt32LE(link);
  const needed = 4 + count * SIZES[type];
  if (count < 0 || link + needed > bytes.length) throw outside(body, at, tag, link, count, type);
  if (size < needed || size > needed + 16) sizeWarning(body, at, tag, size, needed);
  return { kind: 'vector', tag, at, type, count, valueAt: link + 4 };
}

function outside(
  body: Body,
  at: number,
  tag: TagName | undefined,
  link: number,
  count: number,
  type: PhysicalName,
): Error {
  const values = count === 1 ? 'a value' : `${count} values`;
  return damaged(
    body,
    at,
    `${tag ?? 'an element'}: ${values} of type ${type} at ${link} would lie outside the body of ${body.bytes.length} bytes`,
  );
}

function sizeWarning(body: Body, at: number, tag: TagName | undefined, said: number, found: number): void {
  body.warnings.add(
    'element-size',
    placeIn(body, at),
    `${tag ?? 'an element'}: said to have ${said} bytes, its values have ${found}; the values are read${inBody(body, at)}`,
  );
}

/** A collection of elements; what it should hold and does not is `undefined`, what has the wrong kind is an error. */
export class Collection {
  readonly body: Body;
  /** where it stands in the body */
  readonly at: number;
  readonly #elements: readonly Element[];

  constructor(body: Body, at: number, elements: readonly Element[]) {
    this.body = body;
    this.at = at;
    this.#elements = elements;
  }

  /** An error about this collection. */
  error(message: string): Error {
    return damaged(this.body, this.at, message);
  }

  warn(kind: string, text: string): void {
    this.body.warnings.add(kind, placeIn(this.body, this.at), `${text}${inBody(this.body, this.at)}`);
  }

  /** The element of a tag; the first where it stands more than once (with a warning). */
  #one(tag: TagName): Element | undefined {
    const found = this.#elements.filter((element) => element.tag === tag);
    if (found.length > 1) this.warn(`twice-${tag}`, `${tag} stands ${found.length} times; the first is read`);
    return found[0];
  }

  collection(tag: TagName): Collection | undefined {
    const element = this.#one(tag);
    if (element === undefined || element.kind === 'collection') return element?.collection;
    throw this.error(`${tag}: a ${element.kind}, not a collection`);
  }

  /** All collections of a tag, in order: the arrays of the standard. Blank entries (tagBlank) do not count. */
  collections(tag: TagName): Collection[] {
    return this.#elements.flatMap((element) => {
      if (element.tag !== tag) return [];
      if (element.kind === 'collection') return [element.collection];
      throw this.error(`${tag}: a ${element.kind}, not a collection`);
    });
  }

  vector(tag: TagName): VectorElement | undefined {
    const element = this.#one(tag);
    if (element === undefined || element.kind === 'vector') return element;
    throw this.error(`${tag}: a ${element.kind}, not a vector`);
  }

  #scalar(tag: TagName): ScalarElement | undefined {
    const element = this.#one(tag);
    if (element === undefined || element.kind === 'scalar') return element;
    throw this.error(`${tag}: a ${element.kind}, not a single value`);
  }

  /** A finite number of any type. @throws MakaiError when it is none or not finite */
  real(tag: TagName): number | undefined {
    const element = this.#scalar(tag);
    if (element === undefined) return undefined;
    const value = numberAt(this.body.bytes, element.valueAt, element.type);
    if (value !== undefined && Number.isFinite(value)) return value;
    throw this.error(`${tag}: a finite number is needed, found ${value ?? element.type}`);
  }

  /** A whole number from 0 on. @throws MakaiError for any other */
  whole(tag: TagName, max = 0xffffffff): number | undefined {
    const value = this.real(tag);
    if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= max)) return value;
    throw this.error(`${tag}: a whole number of at most ${max} is needed, found ${value}`);
  }

  guid(tag: TagName): string | undefined {
    const element = this.#scalar(tag);
    if (element === undefined) return undefined;
    if (element.type !== 'GUID') throw this.error(`${tag}: a GUID is needed, found ${element.type}`);
    return guidText(this.body.bytes, element.valueAt);
  }

  /** Day since 1900-01-01 and seconds since midnight. */
  timestamp(tag: TagName): { day: number; seconds: number } | undefined {
    const element = this.#scalar(tag);
    if (element === undefined) return undefined;
    if (element.type !== 'TIMESTAMPPQDIF')
      throw this.error(`${tag}: a timestamp is needed, found ${element.type}`);
    return {
      day: this.body.bytes.readUInt32LE(element.valueAt),
      seconds: this.body.bytes.readDoubleLE(element.valueAt + 4),
    };
  }

  /** Text up to its NUL, trimmed; '' where there is none. */
  text(tag: TagName): string {
    const element = this.vector(tag);
    if (element === undefined) return '';
    const bytes = this.body.bytes.subarray(
      element.valueAt,
      element.valueAt + Math.min(element.count, MAX_TEXT) * SIZES[element.type],
    );
    if (element.type !== 'CHAR1' && element.type !== 'CHAR2') {
      throw this.error(`${tag}: text is needed, found ${element.type}`);
    }
    return textOf(bytes, element.type).trim();
  }
}

/** The standard has ASCII; what is not UTF-8 either is taken for Latin-1. */
function textOf(bytes: Buffer, type: 'CHAR1' | 'CHAR2'): string {
  const upToNul = (text: string): string => text.split('\0', 1)[0] ?? '';
  if (type === 'CHAR2') return upToNul(bytes.toString('utf16le'));
  const utf8 = bytes.toString('utf8');
  return upToNul(utf8.includes('�') ? bytes.toString('latin1') : utf8);
}
