/** Test hosts (network namespaces): the cable is unplugged, and names no longer resolve. Only for root. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultCase } from '../case.js';
import type { FaultLine } from '../line.js';
import { ip, hostsMissing as missing } from '../namespaces.js';
import { course } from '../scenario.js';

const CUT_MS = 12_000;
const HOST = `mkf${process.pid}`;
const [OURS, THEIRS] = ['10.78.0.1', '10.78.0.2'];
const NAME = 'makai-broker.test';

/** A second host, connected to this one by a virtual cable. */
function host(): { remove(): void; plug(state: 'up' | 'down'): void } {
  ip('netns', 'add', HOST);
  ip('link', 'add', `${HOST}a`, 'type', 'veth', 'peer', 'name', 'cable', 'netns', HOST);
  ip('address', 'add', `${OURS}/24`, 'dev', `${HOST}a`);
  ip('link', 'set', `${HOST}a`, 'up');
  ip('netns', 'exec', HOST, 'ip', 'address', 'add', `${THEIRS}/24`, 'dev', 'cable');
  ip('netns', 'exec', HOST, 'ip', 'link', 'set', 'cable', 'up');
  ip('netns', 'exec', HOST, 'ip', 'link', 'set', 'lo', 'up');
  return {
    // The far end is unplugged: sockets on this side notice nothing, as with a switch in between.
    plug: (state) => ip('netns', 'exec', HOST, 'ip', 'link', 'set', 'cable', state),
    remove: () => {
      spawnSync('ip', ['netns', 'delete', HOST]);
      spawnSync('ip', ['link', 'delete', `${HOST}a`]);
    },
  };
}

/** The status server of the service is on the second host. */
const SERVICE_STATUS = { status: 'off' };

const cut: FaultCase = {
  name: 'network cut between the brokers and the service',
  stores: ['sqlite'],
  missing,
  run: async (store) => {
    const other = host();
    try {
      return await course({
        store,
        address: OURS,
        prefix: { 'triggering-service': ['ip', 'netns', 'exec', HOST] },
        config: { 'triggering-service': SERVICE_STATUS },
        fault: async (line, ledger) => {
          other.plug('down');
          await ledger.moreEvents(10);
          await sleep(CUT_MS);
          other.plug('up');
          const seconds = await untilStoredAnew(line);
          return [
            `cut for ${CUT_MS / 1000} s; measurements were stored again ${seconds.toFixed(1)} s after it`,
          ];
        },
      });
    } finally {
      other.remove();
    }
  },
};

const dns: FaultCase = {
  name: 'DNS gone',
  stores: ['sqlite'],
  missing,
  run: async (store) => {
    const folder = mkdtempSync(join(tmpdir(), 'makai-dns-'));
    const hosts = join(folder, 'hosts');
    const known = (yes: boolean): void =>
      writeFileSync(hosts, yes ? `127.0.0.1 localhost ${NAME}\n` : '127.0.0.1 localhost\n');
    // In its own mount namespace the service sees our hosts file, and a resolver that does not reply.
    writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.9\noptions timeout:1 attempts:1\n');
    const script = `mount --bind ${hosts} /etc/hosts && mount --bind ${join(folder, 'resolv.conf')} /etc/resolv.conf && exec "$0" "$@"`;
    known(true);
    try {
      return await course({
        store,
        address: { 'triggering-service': NAME },
        prefix: { 'triggering-service': ['unshare', '--mount', 'sh', '-c', script] },
        fault: async (line) => {
          known(false);
          // It starts without the name, and connects when the name resolves again.
          await line.daemons['triggering-service'].kill();
          await line.daemons['triggering-service'].start();
          await sleep(CUT_MS / 2);
          known(true);
          const seconds = await untilStoredAnew(line);
          return [
            `started while the name was unknown; measurements were stored ${seconds.toFixed(1)} s after it was known`,
          ];
        },
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** @returns seconds until a measurement with a time after this call is stored. @throws Error after a minute */
async function untilStoredAnew(line: FaultLine): Promise<number> {
  const from = Date.now();
  const store = await line.openStore();
  try {
    while (Date.now() - from < 60_000) {
      const newest = await store.newestByBox();
      if (newest.some(({ measurementMs }) => measurementMs > from)) return (Date.now() - from) / 1000;
      await sleep(200);
    }
    throw new Error('nothing was stored for a minute after the network was back');
  } finally {
    await store.close();
  }
}

export const NETWORK: readonly FaultCase[] = [cut, dns];
