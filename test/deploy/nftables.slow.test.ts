/** The rules of deploy/nftables between test hosts. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { canMakeHosts, type Host, Hosts } from './namespaces.js';

const RULES = join(PACKAGE_ROOT, 'deploy/nftables/makai.nft');
const BROKER = '10.77.0.1';
const BROKER6 = 'fd77:0:0:1::1';
const STRANGERS = ['10.77.0.2', '10.77.0.3', '10.77.0.4'] as const;
/** the first two are in one /64 */
const STRANGERS6 = ['fd77:0:0:1::2', 'fd77:0:0:1::3', 'fd77:0:0:2::2', 'fd77:0:0:3::2'] as const;
/** a port that is handed on to a container */
const CONTAINER_PORT = 8196;

describe('deploy/nftables', function () {
  this.timeout(400_000);
  const hosts = new Hosts();
  const folder = mkdtempSync(join(tmpdir(), 'makai-nft-'));
  let broker: Host;
  let stranger: Host;

  before(async function () {
    if (!canMakeHosts()) {
      process.stderr.write(
        '    no network namespaces here (root, ip, nft and python3 are needed): left out\n',
      );
      this.skip();
    }
    broker = hosts.add('b');
    stranger = hosts.add('s');
    hosts.join('veth0', [
      [broker, [`${BROKER}/24`, `${BROKER6}/48`]],
      [
        stranger,
        [...STRANGERS.map((address) => `${address}/24`), ...STRANGERS6.map((address) => `${address}/48`)],
      ],
    ]);
    const container = hosts.add('c');
    hosts.join('veth1', [
      [broker, ['172.30.77.1/24']],
      [container, ['172.30.77.2/24']],
    ]);
    container.run('ip', 'route', 'add', 'default', 'via', '172.30.77.1');
    broker.run('sysctl', '-q', 'net.ipv4.ip_forward=1');
    broker.run(
      'nft',
      'add table ip docker; add chain ip docker nat { type nat hook prerouting priority dstnat; }',
    );
    broker.run('nft', `add rule ip docker nat tcp dport ${CONTAINER_PORT} dnat to 172.30.77.2`);
    await broker.listen(9880, 8194, 9999);
    await container.listen(CONTAINER_PORT);
  });

  after(async () => {
    await hosts.remove();
    rmSync(folder, { recursive: true });
  });

  beforeEach(() => void broker.run('nft', '-f', RULES));

  /** The rules with other sizes of their sets. */
  function resize(name: RegExp, size: number): void {
    const lines = readFileSync(RULES, 'utf8').split('\n');
    const changed = lines.map((line) =>
      /^\tset/.test(line) && name.test(line) ? line.replace(/size \d+/, `size ${size}`) : line,
    );
    assert.notDeepEqual(changed, lines);
    const file = join(folder, 'rules.nft');
    writeFileSync(file, changed.join('\n'));
    broker.run('nft', '-f', file);
  }

  function dropped(counter: 'too_often' | 'too_many'): number {
    const text = broker.run('nft', 'list', 'counter', 'inet', 'makai', counter);
    return Number(/packets (\d+)/.exec(text)?.[1]);
  }

  it('admits a fleet of 100 boxes behind one address, twice in a row', () => {
    for (let turn = 0; turn < 2; turn++) {
      assert.equal(stranger.connect(STRANGERS[0], BROKER, 9880, 300, 300), 300);
    }
    assert.deepEqual([dropped('too_often'), dropped('too_many')], [0, 0]);
  });

  it('stops an address, or a /64, that opens connections too often, on all box ports together', () => {
    for (const [from, also, to, other] of [
      [STRANGERS[0], STRANGERS[0], BROKER, STRANGERS[1]],
      [STRANGERS6[0], STRANGERS6[1], BROKER6, STRANGERS6[2]],
    ] as const) {
      const before = dropped('too_often');
      let answered = 0;
      // 2000, with a burst of 600 and 10 per second: admitting all of them would take more than two minutes.
      for (let turn = 0; turn < 8; turn++)
        answered += stranger.connect(turn < 4 ? from : also, to, turn % 2 === 0 ? 9880 : 8194, 250);
      assert.ok(answered > 0 && answered < 2000, `${answered} of 2000`);
      assert.ok(dropped('too_often') > before);
      assert.equal(stranger.connect(other, to, 9880, 50, 50), 50, 'another address is not hit');
    }
  });

  it('lets an address, or a /64, have 400 connections open', () => {
    assert.equal(stranger.connect(STRANGERS[0], BROKER, 9880, 405, 400), 400);
    assert.equal(stranger.connect(STRANGERS6[0], BROKER6, 9880, 405, 400), 400);
    assert.ok(dropped('too_many') >= 10);
    assert.equal(dropped('too_often'), 0);
    assert.equal(stranger.connect(STRANGERS[0], BROKER, 8194, 100, 100), 100, 'closed ones count no more');
  });

  it('a full set admits no new address, and keeps admitting those in it', async () => {
    for (const name of [/opening/, /open\d/]) {
      resize(name, 2);
      const within = [STRANGERS[0], STRANGERS[1], STRANGERS6[0], STRANGERS6[2]];
      const to = (from: string): string => (from.includes(':') ? BROKER6 : BROKER);
      const held = within.map((from) => stranger.hold(from, to(from), 9880));
      for (const one of held) await one.open;
      for (const from of [STRANGERS[2], STRANGERS6[3]])
        assert.equal(
          stranger.connect(from, to(from), 9880, 20),
          0,
          `${from} found no place in ${name.source}`,
        );
      for (const from of within) assert.equal(stranger.connect(from, to(from), 9880, 20, 20), 20);
      broker.run('nft', `add element inet makai known_sites4 { ${STRANGERS[2]} }`);
      assert.equal(stranger.connect(STRANGERS[2], BROKER, 9880, 20, 20), 20, 'a known site needs no place');
      for (const one of held) await one.close();
    }
  });

  it('counts connections that are forwarded to a container too', () => {
    assert.equal(stranger.connect(STRANGERS[0], BROKER, CONTAINER_PORT, 405, 400), 400);
  });

  it('leaves other ports alone, and known sites without a limit', () => {
    assert.equal(stranger.connect(STRANGERS[0], BROKER, 9999, 700, 700), 700);
    broker.run('nft', `add element inet makai known_sites4 { ${STRANGERS[0]} }`);
    assert.equal(stranger.connect(STRANGERS[0], BROKER, 9880, 700, 700), 700);
  });

  it('takes further ports', () => {
    broker.run('nft', 'add element inet makai box_ports { 9999 }');
    assert.equal(stranger.connect(STRANGERS[0], BROKER, 9999, 405, 400), 400);
  });
});
