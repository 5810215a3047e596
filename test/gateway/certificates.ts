/** An authority, and certificates of it for a broker and a client, made by openssl. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Pair {
  cert: string;
  key: string;
}

export function certificates(folder: string): { ca: string; server: Pair; client: Pair } {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' });
  const at = (name: string): string => join(folder, name);
  const key = (name: string): string => {
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at(`${name}.key`));
    execFileSync('chmod', ['600', at(`${name}.key`)]);
    return at(`${name}.key`);
  };
  const ca = { key: key('ca'), cert: at('ca.pem') };
  openssl(
    'req',
    '-x509',
    '-new',
    '-key',
    ca.key,
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
    '-out',
    ca.cert,
  );
  const pair = (name: string): Pair => {
    const own = { key: key(name), cert: at(`${name}.pem`) };
    const [request, extensions] = [at(`${name}.csr`), at(`${name}.ext`)];
    writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    openssl('req', '-new', '-key', own.key, '-subj', `/CN=${name}`, '-out', request);
    openssl(
      ...['x509', '-req', '-in', request, '-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial'],
      ...['-days', '2', '-extfile', extensions, '-out', own.cert],
    );
    return own;
  };
  return { ca: ca.cert, server: pair('server'), client: pair('makai') };
}
