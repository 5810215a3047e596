/** What a spooled write looks like on disk. */
import { MakaiError } from '../../common/errors.js';
import type { MeasurementColumns } from '../../proto/columns.js';
import { packed, packedBytes, unpacked } from '../../stream/packed.js';
import type { BoxEventDocument, HealthDocument, MetricsDocument, NewEvent } from '../store.js';

/** Measurements must not hold up waveforms nor the other way round, and findings of health and traffic neither: each lane is delivered in its own order. */
export const LANE = { measurements: 0, events: 1, diagnostics: 2 } as const;
export type Lane = keyof typeof LANE;

export const ROW_KINDS = ['measurements', 'event', 'asked', 'waveform', 'metrics', 'health'] as const;
export type Kind = (typeof ROW_KINDS)[number];

/** A row to be spooled. */
export interface NewRow {
  lane: Lane;
  kind: Kind;
  eventId?: number | undefined;
  boxId?: string | undefined;
  /** Unix ms */
  acceptedMs: number;
  /** measurements in the row, else 1 */
  items: number;
  body: Uint8Array;
}

export interface Row extends NewRow {
  seq: number;
}

const text = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value), 'utf8');
const parsed = <T>(body: Uint8Array): T => JSON.parse(Buffer.from(body).toString('utf8')) as T;

export function measurementsRow(batch: MeasurementColumns, acceptedMs: number): NewRow {
  const columns = packed(batch);
  const body = packedBytes(columns);
  return { lane: 'measurements', kind: 'measurements', acceptedMs, items: columns.count, body };
}

export const columnsOfRow = (row: NewRow): MeasurementColumns => unpacked(row.body, row.items);

export function eventRow(event: NewEvent, acceptedMs: number): NewRow {
  return {
    lane: 'events',
    kind: 'event',
    eventId: event.event_id,
    acceptedMs,
    items: 1,
    body: text(event),
  };
}

export const eventOfRow = (row: NewRow): NewEvent => parsed<NewEvent>(row.body);

export function askedRow(eventId: number, boxIds: readonly string[], acceptedMs: number): NewRow {
  return { lane: 'events', kind: 'asked', eventId, acceptedMs, items: 1, body: text(boxIds) };
}

export const askedOfRow = (row: NewRow): string[] => parsed<string[]>(row.body);

/** Header length (u32), header (JSON), samples (int16 little endian). */
export function waveformRow(document: BoxEventDocument, samples: Int16Array, receivedMs: number): NewRow {
  const header = text(document);
  const body = Buffer.allocUnsafe(4 + header.length + samples.byteLength);
  body.writeUInt32LE(header.length, 0);
  body.set(header, 4);
  const at = 4 + header.length;
  body.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), at);
  if (BIG_ENDIAN) body.subarray(at).swap16();
  const { event_id: eventId, box_id: boxId } = document;
  return { lane: 'events', kind: 'waveform', eventId, boxId, acceptedMs: receivedMs, items: 1, body };
}

const BIG_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1;

export function waveformOfRow(row: NewRow): { document: BoxEventDocument; samples: Int16Array } {
  const body = Buffer.from(row.body);
  const headerEnd = 4 + body.readUInt32LE(0);
  if (headerEnd > body.length || (body.length - headerEnd) % 2 !== 0) {
    throw new MakaiError('STORE_DAMAGED', 'a spooled waveform is not whole');
  }
  // A copy, aligned to two bytes; `Buffer.from` above has copied already, but not to an even place.
  const bytes = Buffer.from(new Uint8Array(body.subarray(headerEnd)).buffer);
  if (BIG_ENDIAN) bytes.swap16();
  return {
    document: parsed<BoxEventDocument>(body.subarray(4, headerEnd)),
    samples: new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2),
  };
}

export function metricsRow(document: MetricsDocument, acceptedMs: number): NewRow {
  return { lane: 'diagnostics', kind: 'metrics', acceptedMs, items: 1, body: text(document) };
}

export const metricsOfRow = (row: NewRow): MetricsDocument => parsed<MetricsDocument>(row.body);

export function healthRow(document: HealthDocument, acceptedMs: number): NewRow {
  return { lane: 'diagnostics', kind: 'health', acceptedMs, items: 1, body: text(document) };
}

export function healthOfRow(row: NewRow): HealthDocument {
  const document = parsed<Omit<HealthDocument, 'timestamp'> & { timestamp: string }>(row.body);
  return { ...document, timestamp: new Date(document.timestamp) };
}
