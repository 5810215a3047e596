/** A Parquet file's footer: schema, row groups and column chunks, all checked against each other and the file. */
import type { Budget } from '../budget.js';
import { shown, unreadable } from '../problems.js';
import type { Warnings } from '../warnings.js';
import { type Struct, ThriftReader } from './thrift.js';

const MAGIC = 0x31524150;
const TAIL_BYTES = 8;
const MAX_LEVELS = 8;

/** Parquet's physical types, by number. */
const TYPES = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
] as const;
export type PhysicalType = (typeof TYPES)[number];

/** One node of the schema; a leaf has a type, a group children. */
export interface SchemaNode {
  name: string;
  repetition: 'required' | 'optional' | 'repeated';
  children: SchemaNode[];
  leaf: LeafInfo | undefined;
}

export interface LeafInfo {
  /** names from the root on */
  path: string[];
  type: PhysicalType;
  /** text (UTF8, JSON) and not bytes */
  isText: boolean;
  isJson: boolean;
  /** of the value itself and of being in a list */
  maxDefinition: number;
  maxRepetition: number;
}

export interface Chunk {
  leaf: LeafInfo;
  /** where its pages stand in the file */
  from: number;
  to: number;
  codec: number;
  /** rows of the group, or items of a list */
  values: number;
}

export interface RowGroup {
  rows: number;
  chunks: Chunk[];
}

export interface Footer {
  root: SchemaNode;
  leaves: LeafInfo[];
  groups: RowGroup[];
  rows: number;
  /** key and value */
  metadata: Readonly<Record<string, string>>;
  createdBy: string;
}

/** @throws MakaiError RECORDING_INVALID */
export function readFooter(bytes: Buffer, file: string, warnings: Warnings, budget: Budget): Footer {
  const place = { file };
  if (bytes.length < 12 || bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt32LE(bytes.length - 4) !== MAGIC)
    throw unreadable(
      place,
      'is no Parquet file, or was cut off: PAR1 must stand at both ends',
      'Get it again.',
    );
  const length = bytes.readUInt32LE(bytes.length - TAIL_BYTES);
  const from = bytes.length - TAIL_BYTES - length;
  if (from < 4) {
    throw unreadable(
      { file, byte: bytes.length - TAIL_BYTES },
      `a footer of ${length} bytes does not fit into the file of ${bytes.length}`,
      'Get it again.',
    );
  }
  const meta = new ThriftReader(bytes.subarray(from, from + length), from, file, budget).struct();
  const leaves: LeafInfo[] = [];
  const root = schemaOf(meta, leaves);
  const groups = meta.structs(4).map((group) => rowGroup(group, leaves, from));
  const rows = meta.whole(3);
  const sum = groups.reduce((total, group) => total + group.rows, 0);
  if (sum !== rows)
    warnings.add(
      'rows',
      { file, byte: from },
      `says it has ${rows} rows, its row groups have ${sum}; these are read`,
    );
  const metadata = Object.fromEntries(meta.structs(5).map((pair) => [pair.text(1), pair.text(2)]));
  return { root, leaves, groups, rows: sum, metadata, createdBy: meta.text(6) };
}

function schemaOf(meta: Struct, leaves: LeafInfo[]): SchemaNode {
  const elements = meta.structs(2);
  let next = 0;
  const node = (path: string[], definition: number, repetition: number): SchemaNode => {
    const element = elements[next];
    next += 1;
    if (element === undefined) throw meta.error('the schema has fewer elements than it says');
    const isRoot = next === 1;
    const name = element.text(4);
    const kind = isRoot ? 0 : (element.optional(3) ?? 0);
    const repeat = (['required', 'optional', 'repeated'] as const)[kind];
    if (repeat === undefined) throw element.error(`column ${shown(name)}: repetition ${kind} is not defined`);
    const levels = [
      definition + (repeat === 'required' ? 0 : 1),
      repetition + (repeat === 'repeated' ? 1 : 0),
    ] as const;
    const here = isRoot ? [] : [...path, name];
    if (here.length > MAX_LEVELS) throw element.error(`columns lie more than ${MAX_LEVELS} deep`);
    const count = element.optional(5) ?? 0;
    if (count === 0 && !isRoot) {
      const leaf = leafOf(element, here, ...levels);
      leaves.push(leaf);
      return { name, repetition: repeat, children: [], leaf };
    }
    if (count > elements.length - next)
      throw element.error(`column ${shown(name)} has ${count} children, too many`);
    const children = Array.from({ length: count }, () => node(here, ...levels));
    if (new Set(children.map((child) => child.name)).size !== count)
      throw element.error(`two columns of ${shown(name)} have the same name`);
    return { name, repetition: repeat, children, leaf: undefined };
  };
  const root = node([], 0, 0);
  if (next !== elements.length)
    throw meta.error(`the schema has ${elements.length} elements, ${next} belong to it`);
  return root;
}

function leafOf(element: Struct, path: string[], maxDefinition: number, maxRepetition: number): LeafInfo {
  const type = TYPES[element.optional(1) ?? -1];
  if (type === undefined) throw element.error(`column ${shown(path.join('.'))} has no type`);
  const converted = element.optional(6);
  const isJson = converted === 19;
  return { path, type, isText: converted === 0 || isJson, isJson, maxDefinition, maxRepetition };
}

function rowGroup(group: Struct, leaves: readonly LeafInfo[], footerAt: number): RowGroup {
  const rows = group.whole(3);
  const chunks = group.structs(1);
  if (chunks.length !== leaves.length)
    throw group.error(`a row group has ${chunks.length} columns, the schema ${leaves.length}`);
  return { rows, chunks: chunks.map((chunk, i) => columnChunk(chunk, leaves[i], rows, footerAt)) };
}

function columnChunk(chunk: Struct, leaf: LeafInfo | undefined, rows: number, footerAt: number): Chunk {
  const meta = chunk.struct(3);
  if (meta === undefined || leaf === undefined) throw chunk.error('a column without its description');
  const name = shown(leaf.path.join('.'));
  if (meta.texts(3).join('.') !== leaf.path.join('.') || TYPES[meta.whole(1)] !== leaf.type)
    throw meta.error(`column ${name} is ${shown(meta.texts(3).join('.'))} in its row group`);
  const values = meta.whole(5);
  if (leaf.maxRepetition === 0 && values !== rows)
    throw meta.error(`column ${name} has ${values} values, its row group ${rows} rows`);
  const data = meta.whole(9);
  const dictionary = meta.optional(11) ?? 0;
  const from = dictionary > 0 && dictionary < data ? dictionary : data;
  const to = from + meta.whole(7);
  if (from < 4 || to > footerAt) {
    throw meta.error(`column ${name} would lie at ${from} to ${to}, and the data end at ${footerAt}`);
  }
  return { leaf, from, to, codec: meta.whole(4), values };
}
