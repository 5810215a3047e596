/**
 * Writes into a module a maximum for all the memory that it can ever use, before it is compiled: its linear memory and its tables. The
 * module keeps its own maximum where that is lower. Features that use memory in another way (shared or 64-bit memories, types of the
 * garbage collector) are refused.
 */
import { leb128, sectionsOf, WasmFormatError, WasmReader } from './wasm-reader.js';

export const PAGE_BYTES = 65_536;

/** Entries a table may grow to when it names no maximum, or a higher one; the engine uses 8 to 16 bytes for each. */
const TABLE_ENTRIES = 10_000;
/** Entries that all tables of a module may hold together. */
const ALL_TABLE_ENTRIES = 100_000;

/** Largest module that is compiled, in bytes. */
export const MAX_MODULE_BYTES = 16 * 2 ** 20;

const TYPE_SECTION = 1;
const TABLE_SECTION = 4;
const MEMORY_SECTION = 5;
const FUNCTION_TYPE = 0x60;
const FUNCREF = 0x70;
const EXTERNREF = 0x6f;
const HAS_MAX = 0x01;

interface Limits {
  min: number;
  max: number | undefined;
}

/**
 * @param maxPages max number of pages of 64 KiB
 * @returns the module with the maxima written in, and the pages it may have
 * @throws WasmFormatError for what is not allowed
 */
export function limitMemory(
  bytes: Uint8Array,
  maxPages: number,
): { bytes: Uint8Array<ArrayBuffer>; pages: number } {
  if (bytes.length > MAX_MODULE_BYTES) {
    throw new WasmFormatError(
      `the module has ${bytes.length} bytes; at most ${MAX_MODULE_BYTES} are accepted`,
    );
  }
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  let pages = 0;
  for (const section of sectionsOf(bytes)) {
    const reader = new WasmReader(bytes, section.from, section.to);
    if (section.id === TYPE_SECTION) checkTypes(reader);
    if (section.id === MEMORY_SECTION) {
      const memory = limitedMemory(reader, maxPages);
      pages = memory.max;
      parts.push(sectionBytes(MEMORY_SECTION, [...leb128(1), ...limitBytes(memory)]));
    } else if (section.id === TABLE_SECTION) {
      parts.push(sectionBytes(TABLE_SECTION, limitedTables(reader)));
    } else {
      parts.push(bytes.subarray(section.start, section.to));
    }
  }
  if (pages === 0) throw new WasmFormatError('the module has no memory of its own');
  return { bytes: Uint8Array.from(Buffer.concat(parts)), pages };
}

/** The maximum that a valid module names for its memory, in pages; undefined: none. */
export function declaredPages(bytes: Uint8Array): number | undefined {
  for (const { id, from, to } of sectionsOf(bytes)) {
    if (id !== MEMORY_SECTION) continue;
    const reader = new WasmReader(bytes, from, to);
    reader.u32();
    return readLimits(reader, 'memory').max;
  }
  return undefined;
}

function limitedMemory(reader: WasmReader, maxPages: number): { min: number; max: number } {
  const count = reader.u32();
  if (count !== 1) throw new WasmFormatError(`the module has ${count} memories; it must have one`);
  const { min, max = maxPages } = readLimits(reader, 'memory');
  if (min > maxPages) {
    const mib = (pages: number) => `${(pages * PAGE_BYTES) / 2 ** 20} MiB`;
    throw new WasmFormatError(`the module begins with ${mib(min)} of memory; it may have ${mib(maxPages)}`);
  }
  return { min, max: Math.min(max, maxPages) };
}

/** The content of the table section, with a maximum for each table. */
function limitedTables(reader: WasmReader): number[] {
  const count = reader.u32();
  const content = leb128(count);
  let entries = 0;
  for (let i = 0; i < count; i++) {
    const type = reader.byte();
    if (type !== FUNCREF && type !== EXTERNREF) {
      throw new WasmFormatError('the module has a table of a type that is not offered');
    }
    const { min, max = TABLE_ENTRIES } = readLimits(reader, 'table');
    const limited = { min, max: Math.max(min, Math.min(max, TABLE_ENTRIES)) };
    entries += limited.max;
    if (entries > ALL_TABLE_ENTRIES) {
      throw new WasmFormatError(`the tables of the module hold more than ${ALL_TABLE_ENTRIES} entries`);
    }
    content.push(type, ...limitBytes(limited));
  }
  return content;
}

/** Flags beside HAS_MAX are shared and 64-bit memories. */
function readLimits(reader: WasmReader, what: string): Limits {
  const flags = reader.byte();
  if (flags > HAS_MAX) throw new WasmFormatError(`the module has a ${what} that is shared or of 64 bits`);
  const min = reader.u32();
  return { min, max: flags === HAS_MAX ? reader.u32() : undefined };
}

function limitBytes({ min, max }: { min: number; max: number }): number[] {
  return [HAS_MAX, ...leb128(min), ...leb128(max)];
}

function sectionBytes(id: number, content: readonly number[]): Uint8Array {
  return Uint8Array.from([id, ...leb128(content.length), ...content]);
}

/** Function types alone: structs and arrays would live outside the memory that is limited. */
function checkTypes(reader: WasmReader): void {
  const count = reader.u32();
  for (let i = 0; i < count; i++) {
    if (reader.byte() !== FUNCTION_TYPE) {
      throw new WasmFormatError('the module uses types of the garbage collector, which are not offered');
    }
    reader.take(reader.u32());
    reader.take(reader.u32());
  }
}
