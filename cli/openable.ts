/** Whether this machine could open an endpoint. */
import { createServer } from 'node:net';
import { codeOf } from '../common/errors.js';
import { type Address, addressesToBind } from '../zmq/addresses.js';
import { reasonNotOpened } from '../zmq/bind.js';

export { reasonNotOpened };

/**
 * Opens a port of a host for a moment, on each of its addresses. An address that this machine does not have counts only where it has none of
 * them, as when a daemon starts (zmq/bind.ts).
 * @param host address without brackets, name, interface, or `*` for every address
 * @param port 0: any free one, which says whether the host can be opened at all
 * @returns the system's error code; undefined where it could be opened
 */
export async function whyNotOpened(host: string, port: number): Promise<string | undefined> {
  if (host === '*' || host === '::') return tryToOpen(undefined, port);
  let addresses: Address[];
  try {
    addresses = await addressesToBind(host);
  } catch (error) {
    return codeOf(error) ?? 'ENOTFOUND';
  }
  const codes = await Promise.all(addresses.map(({ address }) => tryToOpen(address, port)));
  if (codes.includes('EADDRINUSE')) return 'EADDRINUSE';
  return codes.includes(undefined) ? undefined : (codes[0] ?? 'ENODEV');
}

function tryToOpen(host: string | undefined, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error) => done(codeOf(error) ?? 'unknown'));
    // Without a host Node listens on both families, and on IPv4 alone where there is no IPv6.
    const place = host === undefined ? { port } : { host, port };
    server.listen({ ...place, exclusive: true }, () => server.close(() => done(undefined)));
  });
}
