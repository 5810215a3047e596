/** Mistakes in the web service's file that one setting alone does not show: who could reach it without a login. */
import type { Finding } from './findings.js';
import { isLoopback, parseStatusEndpoint } from './types.js';

export function webMistakes({
  behind_proxy,
  listen = '127.0.0.1',
  login,
  tls,
}: Readonly<Record<string, unknown>>): Finding[] {
  const address = typeof listen === 'string' ? parseStatusEndpoint(listen) : undefined;
  const isOpen = address !== undefined && 'host' in address && !isLoopback(address.host);
  const found: Finding[] = [];
  if (isOpen && tls === undefined && behind_proxy !== true)
    found.push({
      severity: 'error',
      path: 'listen',
      message: `expected "tls" (or "behind_proxy": true) with an address that other machines reach, found ${JSON.stringify(listen)} without: passwords would be sent in the clear. Or write "127.0.0.1:8088"`,
    });
  if (login === 'off' && (isOpen || behind_proxy === true))
    found.push({
      severity: 'error',
      path: 'login',
      message:
        'expected "on", since other machines reach this address; "off" makes everyone who does an admin',
    });
  return found;
}
