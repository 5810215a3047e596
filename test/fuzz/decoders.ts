/** Every decoder of bytes that a peer, a box or a file can choose, and the one kind of error that each may throw. */
import { parseSubscription } from '../../acquisition-broker/boxes/connected-boxes.js';
import { requestOf } from '../../acquisition-broker/open-requests/persistence.js';
import { isUsableIdentity, parseDataIdentity } from '../../acquisition-broker/requests/request.js';
import { MakaiError } from '../../common/errors.js';
import { tryConfig } from '../../config/index.js';
import { readJson } from '../../config/json.js';
import { parsePublicCertificate, parseSecretCertificate } from '../../keys/certificate.js';
import { z85Decode } from '../../keys/z85.js';
import { parseZapRequest } from '../../keys/zap-message.js';
import { toEventRequest } from '../../plugin-host/request-shape.js';
import { inspectModule } from '../../plugin-host/wasm-module.js';
import * as proto from '../../proto/index.js';
import { FORMAT_DECODERS } from './formats.js';
import type { Random } from './random.js';
import type { MadeKind, SeedKind } from './seeds.js';

export interface DecoderTarget {
  name: string;
  seeds: SeedKind | MadeKind;
  /** how inputs are made of others; without it as protobuf's wire format is */
  mutate?: (seed: Uint8Array, others: readonly Uint8Array[], random: Random) => Uint8Array;
  /** which frames of a seed are inputs: the first, the last, or all of them together */
  frames: 'first' | 'last' | 'rest' | 'all';
  /** @returns whether it was accepted @throws only errors that `expected` accepts */
  decode(frames: readonly Uint8Array[]): boolean;
  expected(error: unknown): boolean;
}

const isDecodeError = (error: unknown): boolean => error instanceof proto.DecodeError;
const isMakaiError = (error: unknown): boolean => error instanceof MakaiError;
const never = (): boolean => false;

function codec(
  name: string,
  seeds: SeedKind | MadeKind,
  frames: 'first' | 'last',
  one: Pick<proto.Codec<unknown>, 'decode'>,
): DecoderTarget {
  return single(name, seeds, frames, (frame) => one.decode(frame) !== undefined, isDecodeError);
}

function single(
  name: string,
  seeds: SeedKind | MadeKind,
  frames: 'first' | 'last',
  decode: (frame: Uint8Array) => boolean,
  expected: (error: unknown) => boolean,
): DecoderTarget {
  return { name, seeds, frames, expected, decode: ([frame]) => decode(frame ?? new Uint8Array()) };
}

const columns = proto.createColumns(1);
const small = proto.createWaveformDecoder({ maxCycles: 500, maxSamples: 100_000, maxFrameBytes: 65_536 });
const textOf = (frame: Uint8Array): string => Buffer.from(frame).toString('utf8');

export const DECODERS: readonly DecoderTarget[] = [
  codec('TriggerMessage', 'stream', 'last', proto.triggerMessage),
  codec('Measurement', 'stream', 'last', proto.measurement),
  single('decodeStream', 'stream', 'last', (frame) => proto.decodeStream(frame).dialect > 0, isDecodeError),
  single('decodeInto (as decodeStream)', 'stream', 'last', decodesAlike, never),
  codec('RequestDataMessage', 'reply', 'first', proto.requestData),
  codec('RequestEventMessage', 'request', 'first', proto.requestEvent),
  codec('Command', 'request', 'first', proto.command),
  codec('Response', 'reply', 'first', proto.response),
  single(
    'decodeClientRequest',
    'request',
    'first',
    (frame) => proto.decodeClientRequest(frame).kind !== undefined,
    isDecodeError,
  ),
  single(
    'decodeBoxReply',
    'reply',
    'first',
    (frame) => proto.decodeBoxReply(frame).dialect > 0,
    isDecodeError,
  ),
  {
    name: 'decodeCycles2',
    seeds: 'reply',
    frames: 'rest',
    decode: (f) => sound(small.decodeCycles2(f, 1001)),
    expected: isDecodeError,
  },
  {
    name: 'decodeCycles3',
    seeds: 'reply',
    frames: 'rest',
    decode: (f) => sound(small.decodeCycles3(f)),
    expected: isDecodeError,
  },
  {
    name: 'subscription',
    seeds: 'subscription',
    frames: 'all',
    decode: (f) => parseSubscription(f) !== undefined,
    expected: never,
  },
  {
    name: 'ZAP request',
    seeds: 'zap',
    frames: 'all',
    decode: (f) => parseZapRequest(f.map((x) => Buffer.from(x))) !== undefined,
    expected: never,
  },
  single(
    'identity',
    'number',
    'first',
    (f) => isUsableIdentity(textOf(f)) && parseDataIdentity(`data_${textOf(f)}`) !== undefined,
    never,
  ),
  single(
    'public certificate',
    'certificate',
    'first',
    (f) => parsePublicCertificate(textOf(f), 'file').publicKey.length === 40,
    isMakaiError,
  ),
  single(
    'secret certificate',
    'secret-certificate',
    'first',
    (f) => parseSecretCertificate(textOf(f), 'file').publicKey.length === 40,
    isMakaiError,
  ),
  single(
    'Z85',
    'certificate',
    'first',
    (f) => z85Decode(textOf(f).slice(-45, -5)).length >= 0,
    (e) => e instanceof RangeError,
  ),
  single('configuration', 'config', 'first', configures, never),
  single(
    'open request of the store',
    'open-request',
    'first',
    reopens,
    (e) => e instanceof Error && (/ZodError|SyntaxError/.test(e.name) || /unknown dialect/.test(e.message)),
  ),
  single('request of a plugin', 'plugin-request', 'first', asks, (e) => e instanceof SyntaxError),
  ...FORMAT_DECODERS,
  single('WebAssembly plugin', 'wasm', 'first', (f) => inspectModule(f, 16).module !== undefined, never),
];

/** The hot path accepts and refuses the same frames as decodeStream. */
function decodesAlike(frame: Uint8Array): boolean {
  const taken = proto.decodeInto(frame, columns, 0) === 0;
  let other = true;
  try {
    const { message } = proto.decodeStream(frame);
    const id = 'id' in message ? message.id : message.boxId;
    if (taken && columns.boxId[0] !== id) throw new Error(`box ${columns.boxId[0]}, not ${id}`);
  } catch (error) {
    if (!isDecodeError(error)) throw error;
    other = false;
  }
  if (taken !== other && !isRowLimit(frame))
    throw new Error(`decodeInto says ${taken}, decodeStream ${other}`);
  return taken;
}

/** A row cannot hold every message: an id of 0 or beyond int32 is refused only there. */
function isRowLimit(frame: Uint8Array): boolean {
  try {
    const { message } = proto.decodeStream(frame);
    const id = 'id' in message ? message.id : message.boxId;
    return id <= 0 || id > 2 ** 31 - 1;
  } catch {
    return false;
  }
}

function sound({ cycleLengths, samples, timesMs }: proto.Waveform): boolean {
  const total = cycleLengths.reduce((sum, length) => sum + length, 0);
  if (total !== samples.length || timesMs.length !== cycleLengths.length) throw new Error('lengths differ');
  return timesMs.length > 0;
}

function configures(frame: Uint8Array): boolean {
  const read = readJson(textOf(frame));
  if (read.mistake !== undefined) return false;
  return (['triggering-broker', 'acquisition-broker', 'triggering-service'] as const)
    .map((kind) => tryConfig(kind, read.value))
    .some((parsed) => !('mistakes' in parsed));
}

function reopens(frame: Uint8Array): boolean {
  return requestOf('key', textOf(frame), new Map()).key === 'key';
}

function asks(frame: Uint8Array): boolean {
  return typeof toEventRequest(JSON.parse(textOf(frame))) !== 'string';
}
