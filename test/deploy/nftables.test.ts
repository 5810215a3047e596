/** The rules of deploy/nftables between two hosts of our own: network namespaces joined by a pair of virtual interfaces. */
import assert from 'node:assert/strict';
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';

const RULES = join(PACKAGE_ROOT, 'deploy/nftables/makai.nft');
const [BROKER, STRANGER] = [`mkb${process.pid}`, `mks${process.pid}`];

const run = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: 'utf8' });
const inside = (host: string, ...command: string[]): SpawnSyncReturns<string> =>
  spawnSync('ip', ['netns', 'exec', host, ...command], { encoding: 'utf8' });

/** Opens `count` connections at once from the stranger and says how many were answered; they are held until all are tried. */
function connections(count: number, port: number): number {
  const script = `
import socket, threading
held = []
def open_one():
    s = socket.socket(); s.settimeout(0.8)
    try:
        s.connect(('10.77.0.1', ${port})); held.append(s)
    except OSError:
        s.close()
threads = [threading.Thread(target=open_one) for _ in range(${count})]
for t in threads: t.start()
for t in threads: t.join()
print(len(held))`;
  return Number(inside(STRANGER, 'python3', '-c', script).stdout);
}

describe('deploy/nftables', function () {
  this.timeout(60_000);
  let listener: number | undefined;

  before(function () {
    const tools = ['ip', 'nft', 'python3'].every((tool) => spawnSync('which', [tool]).status === 0);
    const made = tools && process.getuid?.() === 0 && spawnSync('ip', ['netns', 'add', BROKER]).status === 0;
    if (!made) {
      process.stderr.write(
        '    no network namespaces here (root, ip, nft and python3 are needed): left out\n',
      );
      this.skip();
    }
    run('ip', 'netns', 'add', STRANGER);
    run(
      'ip',
      'link',
      'add',
      'veth0',
      'netns',
      BROKER,
      'type',
      'veth',
      'peer',
      'name',
      'veth0',
      'netns',
      STRANGER,
    );
    for (const [host, address] of [
      [BROKER, '10.77.0.1/24'],
      [STRANGER, '10.77.0.2/24'],
    ] as const) {
      inside(host, 'ip', 'address', 'add', address, 'dev', 'veth0');
      inside(host, 'ip', 'link', 'set', 'veth0', 'up');
      inside(host, 'ip', 'link', 'set', 'lo', 'up');
    }
    assert.equal(inside(BROKER, 'nft', '-f', RULES).status, 0);
    const server = `
import socket, threading
def serve(port):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('10.77.0.1', port)); s.listen(1024)
    held = []
    while True: held.append(s.accept())
for port in (9880, 8194, 9999): threading.Thread(target=serve, args=(port,)).start()`;
    const started = spawnSync(
      'sh',
      ['-c', `ip netns exec ${BROKER} python3 -c "$0" >/dev/null 2>&1 & echo $!`, server],
      { encoding: 'utf8' },
    );
    listener = Number(started.stdout);
    while (
      inside(STRANGER, 'python3', '-c', "import socket; socket.create_connection(('10.77.0.1', 9999), 1)")
        .status !== 0
    );
  });

  after(() => {
    if (listener !== undefined) process.kill(listener);
    for (const host of [BROKER, STRANGER]) spawnSync('ip', ['netns', 'delete', host]);
  });

  it('lets a fleet behind one address in', () => {
    assert.equal(connections(30, 9880), 30);
  });

  it('stops an address that opens connections faster than 60 a minute, on all box ports together', () => {
    const more = connections(60, 8194);
    assert.ok(more >= 25 && more < 60, `${more} further connections`);
    const counted = inside(BROKER, 'nft', 'list', 'counter', 'inet', 'makai', 'too_often').stdout;
    assert.match(counted, /packets [1-9]/);
  });

  it('leaves other ports alone, and known sites without a limit', () => {
    assert.equal(connections(70, 9999), 70);
    inside(BROKER, 'nft', 'add element inet makai known_sites4 { 10.77.0.2 }');
    assert.equal(connections(100, 9880), 100);
  });

  it('can be loaded again', () => {
    assert.equal(inside(BROKER, 'nft', '-f', RULES).status, 0);
  });
});
