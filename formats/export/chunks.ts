/** Files as they come out: in pieces, so that none is held. */

export type ExportFormat = 'comtrade' | 'pqdif' | 'pqds' | 'csv' | 'parquet' | 'ndjson' | 'wav';
export const EXPORT_FORMATS: readonly ExportFormat[] = [
  'comtrade',
  'pqdif',
  'pqds',
  'csv',
  'parquet',
  'ndjson',
  'wav',
];

/** The next bytes of a file. Pieces of several files may come in turn. */
export interface Chunk {
  /** name of the file, without folders */
  file: string;
  bytes: Uint8Array;
  /** nothing follows for this file */
  last: boolean;
}

/** Takes documents one after the other; what it gives must be written before the next is added, since its memory is used again. */
export interface Exporter<T> {
  add(item: T): Iterable<Chunk>;
  /** what is left; call once */
  finish(): Iterable<Chunk>;
}

/** Part of a file's name from an id or a text that some box or program chose. */
export function nameOf(text: string): string {
  return text.replace(/[^\w.-]+/g, '_').slice(0, 64) || '_';
}

/** `name.ext`, then `name-2.ext`, `name-3.ext`. */
export function numbered(name: string, number: number, extension: string): string {
  return number === 1 ? `${name}${extension}` : `${name}-${number}${extension}`;
}
