/** Test hosts: network namespaces connected by pairs of virtual interfaces. Needs root, ip, nft and python3. */
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** Accepts and holds connections on every address; says so when it listens, ends with its input. */
const LISTENER = `
import resource, socket, sys, threading
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]; resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
def serve(s):
    held = []
    while True: held.append(s.accept())
for port in sys.argv[1:]:
    s = socket.socket(socket.AF_INET6); s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('::', int(port))); s.listen(4096)
    threading.Thread(target=serve, args=(s,), daemon=True).start()
print('listening', flush=True)
sys.stdin.read()`;

/** Opens connections in parallel, prints how many were accepted, and resets all of them, which removes them from every count. Waits long only until the expected number is accepted. */
const OPENER = `
import resource, select, socket, struct, sys
source, target, port, count, expected, patience = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]), float(sys.argv[6])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]; resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
poll, waiting, answered = select.poll(), {}, []
for _ in range(count):
    s = socket.socket(socket.AF_INET6 if ':' in target else socket.AF_INET); s.setblocking(False)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    s.bind((source, 0)); s.connect_ex((target, port)); waiting[s.fileno()] = s; poll.register(s, select.POLLOUT)
while waiting:
    ready = poll.poll((patience if len(answered) < expected else 0.8) * 1000)
    if not ready: break
    for fd, events in ready:
        poll.unregister(fd); s = waiting.pop(fd)
        if events & select.POLLOUT and s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0: answered.append(s)
        else: s.close()
print(len(answered))`;

const HOLDER = `
import socket, sys
s = socket.create_connection((sys.argv[2], int(sys.argv[3])), 10, (sys.argv[1], 0))
print('open', flush=True); sys.stdin.read()`;

/** Long enough for a busy machine, where all connections are to be answered, s. */
const PATIENCE_S = 5;

export interface Host {
  name: string;
  /** runs a command there, which must succeed; its output */
  run(...command: [string, ...string[]]): string;
  /** listens until the hosts are removed */
  listen(...ports: number[]): Promise<void>;
  /**
   * Opens `count` connections in parallel and returns how many were accepted.
   * @param expected as many should be answered: up to there nothing may come for 5 s, past it for 0.8 s (the kernel asks a second time after
   * 1 s), before the rest counts as dropped; none unless given
   */
  connect(from: string, to: string, port: number, count: number, expected?: number): number;
  /** Opens one connection and keeps it. */
  hold(from: string, to: string, port: number): { open: Promise<unknown>; close(): Promise<void> };
}

/** Whether hosts can be made here. */
export function canMakeHosts(): boolean {
  const tools = ['ip', 'nft', 'python3'].every((tool) => spawnSync('which', [tool]).status === 0);
  if (!tools || process.getuid?.() !== 0) return false;
  const probe = `mkprobe${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', probe]).status === 0;
  if (made) spawnSync('ip', ['netns', 'delete', probe]);
  return made;
}

function run(...[program, ...args]: [string, ...string[]]): string {
  const done: SpawnSyncReturns<string> = spawnSync(program, args, { encoding: 'utf8' });
  assert.equal(done.status, 0, `${program} ${args.slice(0, 6).join(' ')}: ${done.stderr}`);
  return done.stdout;
}

export class Hosts {
  readonly #names: string[] = [];
  readonly #children: (() => Promise<void>)[] = [];

  add(letter: string): Host {
    const name = `mk${letter}${process.pid}`;
    run('ip', 'netns', 'add', name);
    this.#names.push(name);
    const inside = (...command: [string, ...string[]]): string =>
      run('ip', 'netns', 'exec', name, ...command);
    inside('ip', 'link', 'set', 'lo', 'up');
    return {
      name,
      run: inside,
      connect: (from, to, port, count, expected = 0) =>
        Number(inside('python3', '-c', OPENER, from, to, ...[port, count, expected, PATIENCE_S].map(String))),
      hold: (from, to, port) => this.#start(name, HOLDER, from, to, `${port}`),
      listen: async (...ports) => void (await this.#start(name, LISTENER, ...ports.map(String)).open),
    };
  }

  /** Joins two hosts; each end gets its addresses. */
  join(link: string, ends: readonly [Host, readonly string[]][]): void {
    const [a, b] = ends;
    assert.ok(a && b);
    const [first, second] = [a[0].name, b[0].name];
    run('ip', 'link', 'add', link, 'netns', first, 'type', 'veth', 'peer', 'name', link, 'netns', second);
    for (const [host, addresses] of ends) {
      for (const address of addresses) {
        const still = address.includes(':') ? ['nodad'] : [];
        host.run('ip', 'address', 'add', address, 'dev', link, ...still);
      }
      host.run('ip', 'link', 'set', link, 'up');
    }
  }

  #start(host: string, script: string, ...words: string[]) {
    const args = ['netns', 'exec', host, 'python3', '-c', script, ...words];
    const child = spawn('ip', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const close = async (): Promise<void> => {
      child.stdin.end();
      await ended;
    };
    this.#children.push(close);
    const failed = ended.then(() => Promise.reject(new Error('it ended before it said anything')));
    failed.catch(() => undefined);
    return { open: Promise.race([once(child.stdout, 'data'), failed]), close };
  }

  async remove(): Promise<void> {
    for (const end of this.#children) await end();
    for (const name of this.#names) spawnSync('ip', ['netns', 'delete', name]);
  }
}
