/** A second host (a network namespace) with two cables to this one: NATS is on one of them, everything else on the other. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { ip } from '../namespaces.js';

const NATS_NET = '10.78.1';
const OTHER_NET = '10.78.2';

export class SecondHost {
  readonly #name = `mkc${process.pid}`;
  readonly #servers: Server[] = [];
  /** addresses of this host and of the second one */
  readonly nats = { ours: `${NATS_NET}.1`, theirs: `${NATS_NET}.2` };
  readonly other = { ours: `${OTHER_NET}.1`, theirs: `${OTHER_NET}.2` };

  /** @throws Error where it cannot be made */
  constructor() {
    ip('netns', 'add', this.#name);
    try {
      this.#cable('cable1', this.nats);
      this.#cable('cable2', this.other);
      ip('netns', 'exec', this.#name, 'ip', 'link', 'set', 'lo', 'up');
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Runs the rest of a command line there. */
  get prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.#name];
  }

  /** The cable of NATS. Its far end is unplugged: sockets on this side notice nothing, as with a switch in between. */
  plug(state: 'up' | 'down'): void {
    ip('netns', 'exec', this.#name, 'ip', 'link', 'set', 'cable1', state);
  }

  /** Makes a server on loopback here reachable from there, at the same port. */
  async offer(port: number): Promise<void> {
    const server = createServer((client) => {
      const target = connect({ port, host: '127.0.0.1' });
      client.pipe(target).pipe(client);
      client.on('error', () => target.destroy());
      target.on('error', () => client.destroy());
    });
    this.#servers.push(server);
    server.listen(port, this.other.ours);
    await once(server, 'listening');
  }

  remove(): void {
    for (const server of this.#servers) server.close();
    spawnSync('ip', ['netns', 'delete', this.#name]);
    for (const cable of ['cable1', 'cable2']) spawnSync('ip', ['link', 'delete', this.#ours(cable)]);
  }

  #cable(cable: string, { ours, theirs }: { ours: string; theirs: string }): void {
    const near = this.#ours(cable);
    const there = ['netns', 'exec', this.#name, 'ip'];
    ip('link', 'add', near, 'type', 'veth', 'peer', 'name', cable, 'netns', this.#name);
    ip('address', 'add', `${ours}/24`, 'dev', near);
    ip('link', 'set', near, 'up');
    ip(...there, 'address', 'add', `${theirs}/24`, 'dev', cable);
    ip(...there, 'link', 'set', cable, 'up');
  }

  #ours(cable: string): string {
    return `${this.#name}${cable.slice(-1)}`;
  }
}
