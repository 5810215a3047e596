/**
 * Writes as bytes, wherever one crosses a thread or goes to disk: the binary part (columns, samples), then a header as JSON, then 8 bytes: length of the
 * header (u32 little endian) and a mark. The binary part comes first so that its arrays lie aligned: what is decoded shares the buffer, nothing is copied.
 * Numbers of the binary part have this machine's byte order.
 */
import { MakaiError, messageOf } from '../common/errors.js';
import { columnsBytes, columnsOver, copyRows } from '../proto/columns.js';
import type { BoxEventDocument, MinMaxAverage, NewEvent, NewTrend, TrendWindow } from './documents.js';
import type { Write, WriteKind } from './writes.js';

/** "OPW1": the version of this layout. */
const MARK = 0x3157504f;
const TAIL_BYTES = 8;
const TIME_BYTES = Float64Array.BYTES_PER_ELEMENT;

type Fields = Record<string, unknown>;

/**
 * @param shared true: over shared memory, which crosses to another thread without a copy
 * @returns an array over a buffer of its own
 */
export function encodeWrite(write: Write, shared = false): Uint8Array {
  const header = JSON.stringify(headerOf(write));
  const bodyBytes = bodyBytesOf(write);
  const headerBytes = Buffer.byteLength(header);
  const size = bodyBytes + headerBytes + TAIL_BYTES;
  const buffer = shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size);
  writeBody(write, buffer);
  const bytes = Buffer.from(buffer);
  bytes.write(header, bodyBytes);
  bytes.writeUInt32LE(headerBytes, size - TAIL_BYTES);
  bytes.writeUInt32LE(MARK, size - TAIL_BYTES + 4);
  return bytes;
}

/** The fields of a write without its binary part. */
function headerOf(write: Write): Fields {
  switch (write.kind) {
    case 'measurements': {
      const { columns, ...rest } = write;
      return { ...rest, count: columns.count };
    }
    case 'box_event': {
      const { boxEvent, samples, ...rest } = write;
      const { window_timestamps_ms, ...document } = boxEvent;
      return { ...rest, boxEvent: document, cycles: window_timestamps_ms.length, samples: samples.length };
    }
    default:
      return { ...write };
  }
}

function bodyBytesOf(write: Write): number {
  if (write.kind === 'measurements') return columnsBytes(write.columns.count);
  if (write.kind !== 'box_event') return 0;
  return TIME_BYTES * write.boxEvent.window_timestamps_ms.length + write.samples.byteLength;
}

function writeBody(write: Write, buffer: ArrayBufferLike): void {
  if (write.kind === 'measurements') {
    const { columns } = write;
    copyRows(columns, 0, columns.count, columnsOver(buffer, columns.count), 0);
  } else if (write.kind === 'box_event') {
    const times = write.boxEvent.window_timestamps_ms;
    new Float64Array(buffer, 0, times.length).set(times);
    new Int16Array(buffer, TIME_BYTES * times.length, write.samples.length).set(write.samples);
  }
}

/**
 * The write that `encodeWrite` was given. Its arrays share the buffer of `bytes` where that is aligned, so the bytes must not change.
 * @throws MakaiError STORE_DAMAGED for bytes that are no write
 */
export function decodeWrite(bytes: Uint8Array): Write {
  try {
    return decoded(bytes);
  } catch (error) {
    throw new MakaiError('STORE_DAMAGED', `a kept write cannot be read: ${messageOf(error)}`, {
      hint: 'The file or its disk is damaged: check the disk.',
      cause: error,
    });
  }
}

function decoded(encoded: Uint8Array): Write {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const tail = bytes.length - TAIL_BYTES;
  if (tail < 0 || bytes.readUInt32LE(tail + 4) !== MARK) throw new RangeError('its end is missing');
  const bodyBytes = tail - bytes.readUInt32LE(tail);
  if (bodyBytes < 0) throw new RangeError('its header is longer than itself');
  const header = record(JSON.parse(bytes.toString('utf8', bodyBytes, tail)));
  const body = bytes.subarray(0, bodyBytes);
  const at = header.acceptedAtMs;
  const accepted = at === undefined ? {} : { acceptedAtMs: number(at) };
  const { kind } = header;
  if (typeof kind !== 'string' || !Object.hasOwn(READERS, kind))
    throw new RangeError('its kind is not known');
  return { kind, ...accepted, ...READERS[kind as WriteKind](header, body) } as Write;
}

/** What each kind has besides its kind and time; checked, since a disk may give back anything. */
const READERS: {
  [K in WriteKind]: (header: Fields, body: Buffer) => Omit<WriteOf<K>, 'kind' | 'acceptedAtMs'>;
} = {
  measurements: ({ count }, body) => {
    const rows = size(count);
    if (body.length !== columnsBytes(rows))
      throw new RangeError(`${body.length} bytes for ${rows} measurements`);
    const { buffer } = aligned(body);
    const columns = columnsOver(buffer, rows);
    columns.count = rows;
    return { columns };
  },
  trends: ({ trends }) => ({ trends: list(trends).map(trend) }),
  trend_windows: ({ windows }) => ({ windows: list(windows).map(window) }),
  event: ({ event }) => ({ event: newEvent(record(event)) }),
  triggered_boxes: ({ eventId, boxIds }) => ({ eventId: number(eventId), boxIds: list(boxIds).map(text) }),
  box_event: ({ boxEvent, cycles, samples }, body) => {
    const [times, counts] = [size(cycles), size(samples)];
    if (body.length !== TIME_BYTES * times + 2 * counts) throw new RangeError('its waveform is not whole');
    const { buffer } = aligned(body);
    return {
      boxEvent: boxEventOf(record(boxEvent), Array.from(new Float64Array(buffer, 0, times))),
      samples: new Int16Array(buffer, TIME_BYTES * times, counts),
    };
  },
  open_request: ({ request }) => {
    const { key, body } = record(request);
    return { request: { key: text(key), body: text(body) } };
  },
  closed_request: ({ key }) => ({ key: text(key) }),
  metrics: ({ document }) => {
    const { name, bytes, sent, recv } = record(document);
    const traffic =
      bytes === undefined ? { sent: number(sent), recv: number(recv) } : { bytes: number(bytes) };
    return { document: { name: text(name), ...traffic } };
  },
  health: ({ finding }) => {
    const { timestamp, service, serviceID, status, info } = record(finding);
    const time = new Date(text(timestamp));
    if (Number.isNaN(time.getTime()) || (status !== 'UP' && status !== 'DOWN'))
      throw new TypeError('a field is wrong');
    return {
      finding: {
        timestamp: time,
        service: text(service),
        serviceID: text(serviceID),
        status,
        info: text(info),
      },
    };
  },
};

type WriteOf<K extends WriteKind> = Extract<Write, { kind: K }>;

/** The same bytes where views of eight-byte values may begin, at the start of their buffer. */
function aligned(body: Buffer): { buffer: ArrayBufferLike } {
  return body.byteOffset === 0 ? body : new Uint8Array(body);
}

function newEvent(event: Fields): NewEvent {
  return {
    event_id: number(event.event_id),
    type: text(event.type),
    description: text(event.description),
    boxes_triggered: list(event.boxes_triggered).map(text),
    percent_magnitude: number(event.percent_magnitude),
    target_event_start_timestamp_ms: number(event.target_event_start_timestamp_ms),
    target_event_end_timestamp_ms: number(event.target_event_end_timestamp_ms),
  };
}

function boxEventOf(document: Fields, timesMs: number[]): BoxEventDocument {
  return {
    event_id: number(document.event_id),
    box_id: text(document.box_id),
    event_start_timestamp_ms: number(document.event_start_timestamp_ms),
    event_end_timestamp_ms: number(document.event_end_timestamp_ms),
    window_timestamps_ms: timesMs,
    location: text(document.location),
    data_fs_filename: text(document.data_fs_filename),
  };
}

function trend(value: unknown): NewTrend {
  const { box_id, timestamp_ms, location, ...fields } = record(value);
  const result: NewTrend = {
    box_id: text(box_id),
    timestamp_ms: number(timestamp_ms),
    location: text(location),
  };
  for (const field of ['frequency', 'voltage', 'thd', 'transient'] as const) {
    if (fields[field] !== undefined) result[field] = minMaxAverage(record(fields[field]));
  }
  return result;
}

function minMaxAverage({ min, max, average }: Fields): MinMaxAverage {
  return { min: number(min), max: number(max), average: number(average) };
}

function window(value: unknown): TrendWindow {
  const { boxId, startMs, endMs } = record(value);
  return { boxId: text(boxId), startMs: number(startMs), endMs: number(endMs) };
}

function record(value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new TypeError('an object is missing');
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError('a list is missing');
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('a text is missing');
}

function number(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new TypeError('a number is missing');
}

function size(value: unknown): number {
  const found = number(value);
  if (Number.isSafeInteger(found) && found >= 0) return found;
  throw new RangeError('a length is wrong');
}
