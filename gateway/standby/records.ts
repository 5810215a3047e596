/** What is in the log of the gateways' state, and the rows that follow from it. */
import { STATE_MESSAGE_BYTES } from '../../nats/state-log.js';
import type { Change } from './rows.js';

/** One message of the log, as JSON. */
export type StateRecord =
  /** an active gateway begins; a copy of another one that has no end by then is void */
  | { kind: 'begin'; name: string }
  | { kind: 'changes'; changes: readonly Change[] }
  /** all that this file held is in what was written before; without it a gateway was killed while it brought its file */
  | { kind: 'file'; file: string }
  /** from here on all rows follow, up to `copied`: what was before counts no more */
  | { kind: 'copy' }
  | { kind: 'copied' };

/** A piece of a record that is longer than one message. */
interface Part {
  kind: 'part';
  text: string;
  isLast: boolean;
}

/** A character takes up to three bytes of UTF-8, or six where JSON in JSON escapes it. */
const PART_CHARACTERS = STATE_MESSAGE_BYTES / 6;

/** The messages of one record. */
export function messagesOf(record: StateRecord): Buffer[] {
  const text = JSON.stringify(record);
  if (text.length <= PART_CHARACTERS) return [Buffer.from(text)];
  const parts: Buffer[] = [];
  for (let at = 0; at < text.length; at += PART_CHARACTERS) {
    const part: Part = {
      kind: 'part',
      text: text.slice(at, at + PART_CHARACTERS),
      isLast: at + PART_CHARACTERS >= text.length,
    };
    parts.push(Buffer.from(JSON.stringify(part)));
  }
  return parts;
}

type Rows = Map<string, Change>;

const keyOf = ({ file, key, table }: Change): string => `${file}\n${table}\n${key}`;

function apply(rows: Rows, changes: readonly Change[]): void {
  for (const change of changes) {
    // Behind those that came before: a file gets its rows in the order in which they were written last.
    rows.delete(keyOf(change));
    if (change.row !== undefined) rows.set(keyOf(change), change);
  }
}

/** Goes through a log from its begin. */
export class StateReader {
  #rows: Rows = new Map();
  #known = new Set<string>();
  #copy: { rows: Rows; known: Set<string> } | undefined;
  #parts: string[] = [];

  /** @throws Error for what is no record */
  take(data: Uint8Array): void {
    const record = JSON.parse(Buffer.from(data).toString('utf8')) as StateRecord | Part;
    if (record.kind === 'part') this.#parts.push(record.text);
    else this.#record(record);
    if (record.kind === 'part' && record.isLast)
      this.#record(JSON.parse(this.#parts.splice(0).join('')) as StateRecord);
  }

  #record(record: StateRecord): void {
    switch (record.kind) {
      case 'begin':
        this.#copy = undefined;
        this.#parts = [];
        break;
      case 'changes':
        apply(this.#rows, record.changes);
        if (this.#copy !== undefined) apply(this.#copy.rows, record.changes);
        break;
      case 'file':
        this.#known.add(record.file);
        this.#copy?.known.add(record.file);
        break;
      case 'copy':
        this.#copy = { rows: new Map(), known: new Set() };
        break;
      case 'copied':
        this.#rows = this.#copy?.rows ?? this.#rows;
        this.#known = this.#copy?.known ?? this.#known;
        this.#copy = undefined;
        break;
    }
  }

  /** Files that are there as a whole, also those without a row. */
  get known(): Set<string> {
    return new Set(this.#known);
  }

  /** Rows by file. */
  get files(): Map<string, Change[]> {
    const files = new Map<string, Change[]>();
    for (const change of this.#rows.values()) {
      const of = files.get(change.file) ?? [];
      files.set(change.file, of);
      of.push(change);
    }
    return files;
  }
}
