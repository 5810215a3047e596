/** A MongoDB server of this machine at 127.0.0.1:27017 of a container, which has no network of its own: through a socket file of this machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container } from '../container.js';

/** Listens in the network of the container, with the files of this machine, and forwards to the socket file. */
const INSIDE = `
const net = require('node:net');
net.createServer((one) => {
  const other = net.connect(process.argv[1]);
  one.pipe(other).pipe(one);
  for (const socket of [one, other]) socket.on('error', () => { one.destroy(); other.destroy(); });
}).listen(27017, '127.0.0.1', () => console.log('listening'));
process.stdin.on('end', () => process.exit()).resume();
`;

/** @returns ends it */
export async function mongoIn(container: Container, uri: string): Promise<() => void> {
  const { hostname, port } = new URL(uri);
  const folder = mkdtempSync(join(tmpdir(), 'makai-mongo-in-'));
  const path = join(folder, 'socket');
  const outside = createServer((one) => {
    const other = connect(Number(port), hostname);
    one.pipe(other).pipe(one);
    for (const socket of [one, other])
      socket.on('error', () => {
        one.destroy();
        other.destroy();
      });
  }).listen(path);
  await once(outside, 'listening');
  const inside = spawn(
    'nsenter',
    [`--net=/proc/${container.leader}/ns/net`, process.execPath, '-e', INSIDE, path],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await once(inside.stdout, 'data');
  return () => {
    inside.kill();
    outside.close();
    rmSync(folder, { recursive: true, force: true });
  };
}
