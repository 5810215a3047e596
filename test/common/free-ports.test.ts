import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { promisify } from 'node:util';
import { freePorts, isFree, PORTS } from '../../common/free-ports.js';

describe('common/free-ports', () => {
  it('are given to one caller only, also when another process asks', async () => {
    const mine = await freePorts(40);
    const module = new URL('../../common/free-ports.js', import.meta.url);
    // It tries those of this process first.
    const program = `
      const tried = ${JSON.stringify(mine)};
      const random = Math.random;
      Math.random = () => (tried.length > 0 ? (tried.shift() + 0.5 - ${PORTS.first}) / ${PORTS.count} : random());
      const { freePorts } = await import('${module}');
      console.log(JSON.stringify({ ports: await freePorts(10), left: tried.length }));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    const { left, ports } = JSON.parse(stdout) as { left: number; ports: number[] };
    assert.equal(left, 0);
    assert.equal(new Set([...mine, ...ports]).size, 50);
  });

  it('are below those that the kernel gives to outgoing connections', async function () {
    if (process.platform !== 'linux') return this.skip();
    const [first] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t');
    for (const port of await freePorts(10)) assert.ok(port > 1024 && port < Number(first), String(port));
  });

  it('a port is free while nobody listens there', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    assert.equal(await isFree({ port, host: '127.0.0.1' }), false);
    server.close();
    await once(server, 'close');
    assert.equal(await isFree({ port, host: '127.0.0.1' }), true);
  });
});
