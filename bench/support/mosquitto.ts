/** mosquitto as a peer: TLS with client certificates in front, plain for the subscriber. Installed from Debian, never shipped. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { peer } from './peers.js';
import { Measured } from './process.js';

/** Debian installs the daemon in a folder that is only on root's PATH. */
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

/** What is missing to measure it, as text; undefined if nothing is missing. */
export function missingForMosquitto(): string | undefined {
  const has = (program: string, flag: string) =>
    spawnSync(program, [flag], { env: { ...process.env, PATH }, stdio: 'ignore' }).error === undefined;
  if (!has('mosquitto', '-h') || !has('openssl', 'version'))
    return 'mosquitto and openssl are not installed (Debian: mosquitto openssl libmosquitto-dev)';
  try {
    peer('mqtt');
    return undefined;
  } catch {
    return 'its client library is not installed (Debian: libmosquitto-dev)';
  }
}

/** Creates a certificate authority, a server certificate and a client certificate (P-256) in `folder`. */
function makeCertificates(folder: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, '-subj', '/CN=bench', '-keyout', 'ca.key', '-out', 'ca.crt');
  const signer = ['-CA', 'ca.crt', '-CAkey', 'ca.key'];
  const san = ['-addext', 'subjectAltName=IP:127.0.0.1'];
  openssl(
    'req',
    '-x509',
    ...key,
    ...signer,
    ...san,
    '-subj',
    '/CN=127.0.0.1',
    '-keyout',
    'server.key',
    '-out',
    'server.crt',
  );
  openssl('req', '-x509', ...key, ...signer, '-subj', '/CN=box', '-keyout', 'box.key', '-out', 'box.crt');
}

/** Waits until a connection to `port` succeeds, because mosquitto does not report on a pipe when it is ready. */
async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, '127.0.0.1');
    const answered = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (answered) return;
    await setTimeout(100);
  }
  throw new Error('mosquitto accepts no connections');
}

/** @returns the broker, and the arguments of `peers/mqtt.c` up to its number of senders */
export async function startMosquitto(
  name: string,
  folder: string,
): Promise<{ broker: Measured; client: string[] }> {
  makeCertificates(folder);
  const [tls, plain] = [await freePort(), await freePort()];
  const lines = [
    'per_listener_settings true',
    `listener ${tls} 127.0.0.1`,
    'allow_anonymous true',
    'require_certificate true',
    ...['cafile ca.crt', 'certfile server.crt', 'keyfile server.key'].map((line) => {
      const [word, file = ''] = line.split(' ');
      return `${word} ${join(folder, file)}`;
    }),
    `listener ${plain} 127.0.0.1`,
    'allow_anonymous true',
    'log_dest none',
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ];
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(config, `${lines.join('\n')}\n`);
  const broker = new Measured(name, 'mosquitto', ['-c', config], { PATH });
  await answering(plain);
  const files = ['ca.crt', 'box.crt', 'box.key'].map((file) => join(folder, file));
  return { broker, client: [String(tls), String(plain), ...files] };
}
