/**
 * Writes as bytes, wherever one crosses a thread or goes to disk: the binary part (columns, samples), then a header as JSON, then 8 bytes: length of the
 * header (u32 little endian) and a mark. The binary part comes first so that its arrays lie aligned: what is decoded shares the buffer, nothing is copied.
 * Numbers of the binary part have this machine's byte order.
 */
import { MakaiError, messageOf } from '../common/errors.js';
import { columnsBytes, columnsOver, copyRows } from '../proto/columns.js';
import type {
  BoxEventWrite,
  HealthWrite,
  MeasurementsWrite,
  MetricsWrite,
  Write,
  WriteKind,
} from './writes.js';

/** "OPW1": the version of this layout. */
const MARK = 0x3157504f;
const TAIL_BYTES = 8;
const TIME_BYTES = Float64Array.BYTES_PER_ELEMENT;

type Fields = Record<string, unknown>;

/** @returns an array over a buffer of its own, which may be transferred to another thread */
export function encodeWrite(write: Write): Uint8Array<ArrayBuffer> {
  const header = JSON.stringify(headerOf(write));
  const bodyBytes = bodyBytesOf(write);
  const headerBytes = Buffer.byteLength(header);
  const size = bodyBytes + headerBytes + TAIL_BYTES;
  const buffer = new ArrayBuffer(size);
  writeBody(write, buffer);
  const bytes = Buffer.from(buffer);
  bytes.write(header, bodyBytes);
  bytes.writeUInt32LE(headerBytes, size - TAIL_BYTES);
  bytes.writeUInt32LE(MARK, size - TAIL_BYTES + 4);
  return bytes;
}

/** The fields of a write without its binary part. Written out: spreading objects would cost as much as all the rest of a waveform's encoding. */
function headerOf(write: Write): object {
  if (write.kind === 'measurements') {
    return { kind: write.kind, acceptedAtMs: write.acceptedAtMs, count: write.columns.count };
  }
  if (write.kind !== 'box_event') return write;
  const { boxEvent } = write;
  return {
    kind: write.kind,
    acceptedAtMs: write.acceptedAtMs,
    boxEvent: {
      event_id: boxEvent.event_id,
      box_id: boxEvent.box_id,
      event_start_timestamp_ms: boxEvent.event_start_timestamp_ms,
      event_end_timestamp_ms: boxEvent.event_end_timestamp_ms,
      location: boxEvent.location,
      data_fs_filename: boxEvent.data_fs_filename,
    },
    cycles: boxEvent.window_timestamps_ms.length,
    samples: write.samples.length,
  };
}

function bodyBytesOf(write: Write): number {
  if (write.kind === 'measurements') return columnsBytes(write.columns.count);
  if (write.kind !== 'box_event') return 0;
  return TIME_BYTES * write.boxEvent.window_timestamps_ms.length + write.samples.byteLength;
}

function writeBody(write: Write, buffer: ArrayBuffer): void {
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
  const header: unknown = JSON.parse(bytes.toString('utf8', bodyBytes, tail));
  if (typeof header !== 'object' || header === null) throw new TypeError('its header is no object');
  return read(header as Fields, bytes.subarray(0, bodyBytes));
}

function read(header: Fields, body: Buffer): Write {
  const { kind } = header;
  if (typeof kind !== 'string' || !Object.hasOwn(SHAPES, kind)) throw new RangeError('its kind is not known');
  check(header, SHAPES[kind as WriteKind]);
  if (kind === 'measurements') return measurements(header as unknown as MeasurementsHeader, body);
  if (kind === 'box_event') return boxEvent(header as unknown as BoxEventHeader, body);
  if (kind === 'metrics') checkTraffic(header as unknown as MetricsWrite);
  if (kind === 'health') return health(header as unknown as HealthWrite);
  return header as unknown as Write;
}

type MeasurementsHeader = Omit<MeasurementsWrite, 'columns'> & { count: number };

function measurements({ count, ...header }: MeasurementsHeader, body: Buffer): Write {
  if (body.length !== columnsBytes(size(count)))
    throw new RangeError(`${body.length} bytes for ${count} measurements`);
  const columns = columnsOver(aligned(body).buffer, count);
  columns.count = count;
  return { ...header, columns };
}

type BoxEventHeader = Omit<BoxEventWrite, 'samples'> & { cycles: number; samples: number };

function boxEvent({ acceptedAtMs, boxEvent, cycles, kind, samples }: BoxEventHeader, body: Buffer): Write {
  if (body.length !== TIME_BYTES * size(cycles) + 2 * size(samples))
    throw new RangeError('its waveform is not whole');
  const { buffer } = aligned(body);
  boxEvent.window_timestamps_ms = [...new Float64Array(buffer, 0, cycles)];
  return { kind, acceptedAtMs, boxEvent, samples: new Int16Array(buffer, TIME_BYTES * cycles, samples) };
}

function health({ finding, ...header }: HealthWrite): Write {
  const timestamp = new Date(finding.timestamp);
  const isKnown = finding.status === 'UP' || finding.status === 'DOWN';
  if (Number.isNaN(timestamp.getTime()) || !isKnown) throw new TypeError('a field is wrong');
  return { ...header, finding: { ...finding, timestamp } };
}

function checkTraffic({ document }: MetricsWrite): void {
  const isWhole = 'bytes' in document || (document.sent !== undefined && document.recv !== undefined);
  if (!isWhole) throw new TypeError('the traffic is missing');
}

/** The same bytes where views of eight-byte values may begin, at the start of their buffer. */
function aligned(body: Buffer): { buffer: ArrayBufferLike } {
  return body.byteOffset === 0 ? body : new Uint8Array(body);
}

function size(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError('a length is wrong');
}

/** What a value must be: a list has one shape for all its items; a field whose name ends in `?` may be missing. */
type Shape = 'number' | 'string' | readonly [Shape] | { readonly [field: string]: Shape };

const METRIC = { min: 'number', max: 'number', average: 'number' } as const;
const SPAN = { target_event_start_timestamp_ms: 'number', target_event_end_timestamp_ms: 'number' } as const;
const LIVES = { 'acceptedAtMs?': 'number' } as const;

/** The header of each kind, checked since a disk may give back anything. */
const SHAPES: Readonly<Record<WriteKind, Shape>> = {
  measurements: { ...LIVES, count: 'number' },
  trends: {
    ...LIVES,
    trends: [
      {
        ...{ box_id: 'string', timestamp_ms: 'number', location: 'string' },
        ...{ 'frequency?': METRIC, 'voltage?': METRIC, 'thd?': METRIC, 'transient?': METRIC },
      },
    ],
  },
  trend_windows: { ...LIVES, windows: [{ boxId: 'string', startMs: 'number', endMs: 'number' }] },
  event: {
    ...LIVES,
    event: {
      ...{ event_id: 'number', type: 'string', description: 'string', boxes_triggered: ['string'] },
      ...{ percent_magnitude: 'number', ...SPAN },
    },
  },
  triggered_boxes: { ...LIVES, eventId: 'number', boxIds: ['string'] },
  box_event: {
    acceptedAtMs: 'number',
    boxEvent: {
      ...{ event_id: 'number', box_id: 'string', location: 'string', data_fs_filename: 'string' },
      ...{ event_start_timestamp_ms: 'number', event_end_timestamp_ms: 'number' },
    },
    ...{ cycles: 'number', samples: 'number' },
  },
  open_request: { ...LIVES, request: { key: 'string', body: 'string' } },
  closed_request: { ...LIVES, key: 'string' },
  metrics: {
    ...LIVES,
    document: { name: 'string', 'bytes?': 'number', 'sent?': 'number', 'recv?': 'number' },
  },
  health: {
    ...LIVES,
    finding: {
      timestamp: 'string',
      service: 'string',
      serviceID: 'string',
      status: 'string',
      info: 'string',
    },
  },
};

/** @throws TypeError for a value that has not this shape */
function check(value: unknown, shape: Shape): void {
  if (typeof shape === 'string') {
    if (typeof value === shape) return;
  } else if (Array.isArray(shape)) {
    if (Array.isArray(value)) {
      for (const item of value) check(item, shape[0]);
      return;
    }
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, wanted] of Object.entries(shape)) {
      const field = name.replace('?', '');
      const found = (value as Fields)[field];
      if (found !== undefined || name === field) check(found, wanted);
    }
    return;
  }
  throw new TypeError('a field is missing or wrong');
}
