/** A configuration of nats-server with TLS, client certificates and users with rights, as a careful administrator writes it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

export interface Certificates {
  ca: string;
  cert: string;
  key: string;
}

/** A certificate authority and one certificate of it, for localhost, that serves server and client. */
export function makeCertificates(folder: string): Certificates {
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...newKey, '-subj', '/CN=test-ca', '-keyout', at('ca.key'), '-out', at('ca.pem'));
  const own = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key')];
  openssl('req', '-x509', ...newKey, ...own, ...signed, '-keyout', at('own.key'), '-out', at('own.pem'));
  return { ca: at('ca.pem'), cert: at('own.pem'), key: at('own.key') };
}

type Daemon = 'broker' | 'service' | 'acquisition';

/** The rights that docs/cluster.md names for a daemon: what it may publish. */
export function rightsOf(daemon: Daemon): string[] {
  const page = readFileSync(join(PACKAGE_ROOT, 'docs/cluster.md'), 'utf8').replaceAll('\n', ' ');
  const text =
    /The user of the broker needs these rights[^:]*: publish (?<broker>.*?); subscribe `_INBOX.>`\. A triggering service needs publish (?<service>.*?), and subscribe `_INBOX.>`, `makai.notices`\. An acquisition broker that is one of several needs publish (?<acquisition>.*?), subscribe `_INBOX.>` and `makai.acquisition.>`, and to reply/.exec(
      page,
    );
  const found = [...(text?.groups?.[daemon] ?? '').matchAll(/`([^`]+)`/g)].map(([, subject = '']) => subject);
  if (found.length === 0) throw new Error(`docs/cluster.md names no rights of the ${daemon}`);
  return found;
}

/** Writes the file. The users are `broker`, `service` and `acquisition` with the rights of the page, and `admin`; their passwords are their names. @returns its path */
export function writeNatsConfig(folder: string, { ca, cert, key }: Certificates): string {
  const rights = (daemon: Daemon, more: string, replies = ''): string =>
    `{ user: ${daemon}, password: ${daemon}, permissions: { publish: ${JSON.stringify(rightsOf(daemon))}, subscribe: ["_INBOX.>", "${more}"]${replies} } }`;
  const file = join(folder, 'nats.conf');
  writeFileSync(
    file,
    `tls { ca_file: "${ca}", cert_file: "${cert}", key_file: "${key}", verify: true }
authorization { users = [ ${rights('broker', 'makai.notices')}, ${rights('service', 'makai.notices')}, ${rights('acquisition', 'makai.acquisition.>', ', allow_responses: true')}, { user: admin, password: admin } ] }
`,
  );
  return file;
}
