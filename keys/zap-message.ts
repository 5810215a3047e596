/** The messages of ZAP 1.0 (ZeroMQ RFC 27) between a CURVE server socket and the handler. */

import { plainAddress } from '../common/ip-address.js';

/** Where libzmq looks for the handler: one per context. */
export const ZAP_ENDPOINT = 'inproc://zeromq.zap.01';

export interface ZapRequest {
  requestId: Buffer;
  /** of *our* socket: says which of our sockets asks */
  domain: string;
  /** the client's IP address; IPv4 that came over a dual-stack socket as IPv4 */
  address: string;
  /** the client's public key, 32 bytes; undefined where the mechanism is not CURVE or the key has another length */
  key: Buffer | undefined;
}

export type ZapStatus = 200 | 300 | 400;

const VERSION = '1.0';
const KEY_BYTES = 32;
const STATUS_TEXT: Record<ZapStatus, string> = { 200: 'OK', 300: 'try again later', 400: 'revoked' };

/**
 * Reads a request: version, request id, domain, address, identity, mechanism, key. The identity is that of our own socket and is not used.
 * @param frames those after the empty delimiter
 * @returns undefined where there is no reply: another version, or frames missing
 */
export function parseZapRequest(frames: readonly Buffer[]): ZapRequest | undefined {
  const [version, requestId, domain, address, , mechanism, key] = frames;
  if (version?.toString('latin1') !== VERSION) return undefined;
  if (requestId === undefined || domain === undefined || address === undefined) return undefined;
  const isCurve = mechanism?.toString('latin1') === 'CURVE' && frames.length === 7;
  return {
    requestId,
    domain: domain.toString('utf8'),
    address: plainAddress(address.toString('utf8')),
    key: isCurve && key?.length === KEY_BYTES ? key : undefined,
  };
}

/**
 * The reply's frames: version, request id, status, text, user id, metadata.
 * After 300 a box tries again (every 30 s with existing boxes); after 400 its PUB and PUSH sockets never do (docs/wire-protocols.md, "Transport").
 */
export function zapReply(requestId: Buffer, status: ZapStatus, userId: string): (string | Buffer)[] {
  return [VERSION, requestId, String(status), STATUS_TEXT[status], userId, ''];
}
