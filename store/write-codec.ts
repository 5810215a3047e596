/**
 * Writes as bytes, wherever one crosses a thread or goes to disk: the binary part (columns, samples), then a header as JSON, then 8 bytes: length of the
 * header (u32 little endian) and a mark. The binary part comes first so that its arrays lie aligned: what is decoded shares the buffer, nothing is copied.
 * Numbers of the binary part have this machine's byte order. What a disk gave back is read by `decodeKeptWrite` (kept-write.ts), which checks it.
 */
import { MakaiError, messageOf } from '../common/errors.js';
import { columnsBytes, columnsOver, copyRows } from '../proto/columns.js';
import type { IncidentWithSamples } from './documents.js';
import type {
  AnalysisWrite,
  BoxEventWrite,
  HealthWrite,
  IncidentWrite,
  MeasurementsWrite,
  Write,
} from './writes.js';

/** "OPW1": the version of this layout. */
const MARK = 0x3157504f;
const TAIL_BYTES = 8;
const TIME_BYTES = Float64Array.BYTES_PER_ELEMENT;

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
  if (write.kind === 'incident') return { ...write, samples: write.samples.length };
  if (write.kind === 'analysis') {
    const findings = write.findings.map(({ samples, ...rest }) => ({ ...rest, samples: samples.length }));
    return { ...write, findings };
  }
  if (write.kind !== 'box_event') return write;
  const { window_timestamps_ms, ...boxEvent } = write.boxEvent;
  return {
    kind: write.kind,
    acceptedAtMs: write.acceptedAtMs,
    boxEvent,
    cycles: window_timestamps_ms.length,
    samples: write.samples.length,
  };
}

function bodyBytesOf(write: Write): number {
  if (write.kind === 'measurements') return columnsBytes(write.columns.count);
  if (write.kind !== 'box_event')
    return samplesOf(write).reduce((sum, { byteLength }) => sum + byteLength, 0);
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
  } else {
    let at = 0;
    for (const samples of samplesOf(write)) {
      new Int16Array(buffer, at, samples.length).set(samples);
      at += samples.byteLength;
    }
  }
}

/** Samples of findings, in their order. */
function samplesOf(write: Write): Int16Array[] {
  if (write.kind === 'incident') return [write.samples];
  return write.kind === 'analysis' ? write.findings.map(({ samples }) => samples) : [];
}

/** The fields of a write without its binary part, as they are read. */
export type Header = Record<string, unknown>;

/**
 * The write that `encodeWrite` was given. Its arrays share the buffer of `bytes` where that is aligned, so the bytes must not change.
 * @param check throws for a header that is none of a write; left out where the bytes come from another thread of this process
 * @throws MakaiError STORE_DAMAGED for bytes that are no write
 */
export function decodeWrite(bytes: Uint8Array, check: (header: Header) => void = () => undefined): Write {
  try {
    const { body, header } = partsOf(bytes);
    check(header);
    return read(header, body);
  } catch (error) {
    throw new MakaiError('STORE_DAMAGED', `a kept write cannot be read: ${messageOf(error)}`, {
      hint: 'The file or its disk is damaged: check the disk.',
      cause: error,
    });
  }
}

function partsOf(encoded: Uint8Array): { header: Header; body: Buffer } {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const tail = bytes.length - TAIL_BYTES;
  if (tail < 0 || bytes.readUInt32LE(tail + 4) !== MARK) throw new RangeError('its end is missing');
  const bodyBytes = tail - bytes.readUInt32LE(tail);
  if (bodyBytes < 0) throw new RangeError('its header is longer than itself');
  const header: unknown = JSON.parse(bytes.toString('utf8', bodyBytes, tail));
  if (typeof header !== 'object' || header === null) throw new TypeError('its header is no object');
  return { header: header as Header, body: bytes.subarray(0, bodyBytes) };
}

function read(header: Header, body: Buffer): Write {
  const { kind } = header;
  if (kind === 'measurements') return measurements(header as unknown as MeasurementsHeader, body);
  if (kind === 'box_event') return boxEvent(header as unknown as BoxEventHeader, body);
  if (kind === 'incident') return incident(header as unknown as IncidentHeader, body);
  if (kind === 'analysis') return analysis(header as unknown as AnalysisHeader, body);
  if (kind === 'health') return health(header as unknown as HealthWrite);
  return header as unknown as Write;
}

type MeasurementsHeader = Omit<MeasurementsWrite, 'columns'> & { count: number };

function measurements({ count, ...header }: MeasurementsHeader, body: Buffer): Write {
  const whole = columnsBytes(size(count));
  // A spool of before there were flags lacks their column, which is the last.
  const isOlder = count > 0 && body.length === whole - count;
  if (body.length !== whole && !isOlder)
    throw new RangeError(`${body.length} bytes for ${count} measurements`);
  const { buffer } = isOlder ? extended(body, whole) : aligned(body);
  const columns = columnsOver(buffer, count);
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

/** With the number of samples in place of the samples. */
type IncidentHeader = Omit<IncidentWrite, 'samples'> & { samples: number };
type AnalysisHeader = Omit<AnalysisWrite, 'findings'> & {
  findings: (Omit<IncidentWithSamples, 'samples'> & { samples: number })[];
};

function incident({ samples, ...header }: IncidentHeader, body: Buffer): Write {
  const [own = new Int16Array()] = samplesIn(body, [samples]);
  return { ...header, samples: own };
}

function analysis({ findings, ...header }: AnalysisHeader, body: Buffer): Write {
  const parts = samplesIn(
    body,
    findings.map(({ samples }) => samples),
  );
  const whole = findings.map((one, i) => ({ ...one, samples: parts[i] ?? new Int16Array() }));
  return { ...header, findings: whole };
}

/** The samples of a body, one array for each length. */
function samplesIn(body: Buffer, lengths: readonly number[]): Int16Array[] {
  if (body.length !== 2 * lengths.reduce((sum, length) => sum + size(length), 0))
    throw new RangeError('its samples are not whole');
  const { buffer } = aligned(body);
  let at = 0;
  return lengths.map((length) => {
    const part = new Int16Array(buffer, at, length);
    at += part.byteLength;
    return part;
  });
}

function health({ finding, ...header }: HealthWrite): Write {
  return { ...header, finding: { ...finding, timestamp: new Date(finding.timestamp) } };
}

/** The same bytes, followed by zeros. */
function extended(body: Buffer, length: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(length);
  longer.set(body);
  return longer;
}

/** The same bytes where views of eight-byte values may begin, at the start of their buffer. */
function aligned(body: Buffer): { buffer: ArrayBufferLike } {
  return body.byteOffset === 0 ? body : new Uint8Array(body);
}

function size(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError('a length is wrong');
}
