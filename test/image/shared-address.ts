/**
 * Stands for the service that all boxes share: one address, whose connections are given to the pods in turn, without affinity. A pod that refuses is left out.
 * A program: `shared-address.js ADDRESS PORT=POD,POD ...`. It prints `ready`. Each port begins with another pod.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

const [address = '', ...ports] = process.argv.slice(2);

async function serve(port: number, pods: readonly string[], first: number): Promise<void> {
  let turn = first;
  const server = createServer((client) => {
    const from = turn;
    turn += 1;
    void give(client, port, pods, from);
  });
  server.listen(port, address);
  await once(server, 'listening');
}

async function give(client: Socket, port: number, pods: readonly string[], from: number): Promise<void> {
  client.on('error', () => client.destroy());
  for (const index of pods.keys()) {
    const pod = connect(port, pods[(from + index) % pods.length]);
    try {
      await once(pod, 'connect');
    } catch {
      continue;
    }
    pod.on('error', () => pod.destroy());
    pod.on('close', () => client.destroy());
    client.on('close', () => pod.destroy());
    if (client.destroyed) pod.destroy();
    client.pipe(pod).pipe(client);
    return;
  }
  client.destroy();
}

for (const [index, one] of ports.entries()) {
  const [port, pods = ''] = one.split('=');
  await serve(Number(port), pods.split(','), index);
}
process.stdout.write('ready\n');
