/** IP addresses as text. */
import { isIPv4 } from 'node:net';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** An IPv4 address that a dual-stack socket sees as IPv6 (`::ffff:192.0.2.1`, RFC 4291, 2.5.5.2) as IPv4; any other text as it is. */
export function plainAddress(address: string): string {
  const ipv4 = MAPPED.exec(address)?.[1];
  return ipv4 !== undefined && isIPv4(ipv4) ? ipv4 : address;
}
