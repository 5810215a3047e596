/** Rows from columns: groups, and lists of single values. */
import { unreadable } from '../problems.js';
import type { ChunkValues } from './chunk.js';
import type { LeafInfo, RowGroup, SchemaNode } from './footer.js';
import type { Row } from './tables.js';

/** A column that is read row by row. */
interface Cursor extends ChunkValues {
  leaf: LeafInfo;
  /** next level, next value */
  level: number;
  value: number;
}

/** A value, or how far down it is missing: the definition level that was reached. */
type Read = { value: unknown; level: number };

/** @throws MakaiError for lists of groups and of lists */
export function* rowsOf(
  root: SchemaNode,
  group: RowGroup,
  columns: readonly ChunkValues[],
  file: string,
): Generator<Row> {
  const cursors = new Map<LeafInfo, Cursor>();
  for (const [i, { leaf }] of group.chunks.entries()) {
    const column = columns[i];
    if (column !== undefined) cursors.set(leaf, { ...column, leaf, level: 0, value: 0 });
  }
  const reader = new RowReader(cursors, file);
  for (let row = 0; row < group.rows; row += 1) yield reader.row(root);
}

class RowReader {
  readonly #cursors: ReadonlyMap<LeafInfo, Cursor>;
  readonly #file: string;

  constructor(cursors: ReadonlyMap<LeafInfo, Cursor>, file: string) {
    this.#cursors = cursors;
    this.#file = file;
  }

  row(root: SchemaNode): Row {
    return this.#group(root, 0).value as Row;
  }

  #node(node: SchemaNode, above: number): Read {
    const level = above + (node.repetition === 'required' ? 0 : 1);
    if (node.leaf !== undefined && node.repetition !== 'repeated') return this.#single(node.leaf);
    const [inner] = node.children;
    const element = inner?.children[0];
    const isList = inner?.repetition === 'repeated' && node.children.length === 1;
    if (
      isList &&
      inner.children.length === 1 &&
      element?.leaf !== undefined &&
      element.repetition !== 'repeated'
    )
      return this.#list(element.leaf, level);
    if (isList && inner.leaf !== undefined) return this.#list(inner.leaf, level);
    if (isList || node.repetition === 'repeated')
      throw unreadable(
        { file: this.#file },
        `column ${node.name}: lists of groups are not read`,
        'Leave it out.',
      );
    return this.#group(node, level);
  }

  /** @param level definition level at which the group is there */
  #group(node: SchemaNode, level: number): Read {
    const found: Record<string, unknown> = {};
    let most = 0;
    for (const child of node.children) {
      const read = this.#node(child, level);
      if (read.value !== undefined) found[child.name] = read.value;
      most = Math.max(most, read.level);
    }
    return { value: most >= level ? found : undefined, level: most };
  }

  #cursor(leaf: LeafInfo): Cursor {
    const cursor = this.#cursors.get(leaf);
    if (cursor !== undefined) return cursor;
    throw unreadable({ file: this.#file }, `column ${leaf.path.join('.')} is missing`, 'It is damaged.');
  }

  #single(leaf: LeafInfo): Read {
    const cursor = this.#cursor(leaf);
    const level = cursor.definitions?.[cursor.level] ?? leaf.maxDefinition;
    cursor.level += 1;
    return { value: level === leaf.maxDefinition ? this.#next(cursor) : undefined, level };
  }

  /** @param level definition level at which the list is there, if only empty */
  #list(leaf: LeafInfo, level: number): Read {
    const cursor = this.#cursor(leaf);
    const items: unknown[] = [];
    const reached = cursor.definitions?.[cursor.level] ?? leaf.maxDefinition;
    do {
      const definition = cursor.definitions?.[cursor.level] ?? leaf.maxDefinition;
      cursor.level += 1;
      // Above `level`: there is an item, though it may be null.
      if (definition > level) items.push(definition === leaf.maxDefinition ? this.#next(cursor) : null);
    } while ((cursor.repetitions?.[cursor.level] ?? 0) > 0);
    return { value: reached >= level ? items : undefined, level: reached };
  }

  #next(cursor: Cursor): unknown {
    const value = cursor.values[cursor.value];
    cursor.value += 1;
    if (!cursor.leaf.isJson || typeof value !== 'string') return value;
    try {
      return JSON.parse(value);
    } catch {
      const where = `row ${cursor.value} of ${cursor.leaf.path.join('.')}`;
      throw unreadable({ file: this.#file }, `${where} is no JSON`, 'It is damaged.');
    }
  }
}
