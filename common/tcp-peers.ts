/** Which addresses are connected to ports of this machine, from /proc/self/net/tcp and tcp6 (proc(5)). ZeroMQ does not say whose connection ended. */
import { readFile } from 'node:fs/promises';

const ESTABLISHED = '01';
const LISTENING = '0A';

/** For each port the peers' addresses and how many connections each has. */
export type TcpPeers = ReadonlyMap<number, ReadonlyMap<string, number>>;

/** Not /proc/net: systemd's ProcSubset=pid hides it. */
const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];

/** @returns undefined where the system does not say (no /proc) */
export async function tcpPeers(
  ports: readonly number[],
  files: readonly string[] = TABLES,
): Promise<TcpPeers | undefined> {
  const text = await tablesText(files);
  return text === undefined ? undefined : parseTcpTable(text, ports);
}

/** Addresses that are connected to these ports, and how many connections of each are not open any more, or not yet. */
export interface PeerStates {
  open: ReadonlySet<string>;
  closing: ReadonlyMap<string, number>;
}

/** @returns undefined where the system does not say */
export async function tcpPeerStates(
  ports: readonly number[],
  files: readonly string[] = TABLES,
): Promise<PeerStates | undefined> {
  const text = await tablesText(files);
  if (text === undefined) return undefined;
  const isClosing = (state: string): boolean => state !== ESTABLISHED && state !== LISTENING;
  const closing = new Map<string, number>();
  for (const ofPort of parseTcpTable(text, ports, isClosing).values())
    for (const [address, count] of ofPort) closing.set(address, (closing.get(address) ?? 0) + count);
  const open = new Set([...parseTcpTable(text, ports).values()].flatMap((ofPort) => [...ofPort.keys()]));
  return { open, closing };
}

async function tablesText(files: readonly string[]): Promise<string | undefined> {
  // A kernel without IPv6 has no second table.
  const read = files.map((file) => readFile(file, 'latin1').catch(() => undefined));
  const texts = (await Promise.all(read)).filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : texts.join('\n');
}

/** Columns: number, local address, remote address, state, ...; an address is 8 or 32 hex digits, a colon and the port in hex. */
export function parseTcpTable(
  text: string,
  ports: readonly number[],
  isWanted = (state: string): boolean => state === ESTABLISHED,
): TcpPeers {
  const peers = new Map<number, Map<string, number>>(ports.map((port) => [port, new Map()]));
  for (const line of text.split('\n')) {
    const [, local = '', remote = '', state] = line.trim().split(/\s+/);
    if (state === undefined || !isWanted(state)) continue;
    const ofPort = peers.get(Number.parseInt(local.split(':')[1] ?? '', 16));
    const address = addressOf(remote.split(':')[0] ?? '');
    if (address !== undefined) ofPort?.set(address, (ofPort.get(address) ?? 0) + 1);
  }
  return peers;
}

/** Words of 32 bits in the byte order of the machine: little endian on every machine that we run on. IPv6 as ZeroMQ writes it (RFC 5952). */
function addressOf(hex: string): string | undefined {
  if (!/^(?:[0-9A-F]{8}|[0-9A-F]{32})$/i.test(hex)) return undefined;
  const bytes = Array.from({ length: hex.length / 2 }, (_, at) => {
    const word = at - (at % 4);
    const place = 2 * (word + 3 - (at % 4));
    return Number.parseInt(hex.slice(place, place + 2), 16);
  });
  if (bytes.length === 4) return bytes.join('.');
  if (isMapped(bytes)) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    (256 * (bytes[2 * at] ?? 0) + (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function isMapped(bytes: readonly number[]): boolean {
  return bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
}
