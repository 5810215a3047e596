/** Procedures of docs/operations.md and docs/security.md that change settings and rights, under a live systemd: the store's rights, kept events, a limit for the size, a new key of the server step by step. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WITH_TOOLS } from '../../support/debian-root.js';
import { until } from '../../support/until.js';
import type { Container } from '../container.js';
import { boxWithSag, events } from '../line.js';
import { skipWithoutContainers } from '../setup.js';
import { assertActive, UNITS } from '../units.js';
import { type Installed, installed } from './installed.js';

const STORE = '/var/lib/opq/makai.db';
/** The store; beside it are lock files of the daemons, which stay theirs. */
const FILES = `${STORE} ${STORE}-wal ${STORE}-shm`;
const [TRIGGERING, ACQUISITION] = ['triggering_broker', 'acquisition_broker_config'];
const BROKERS = 'makai-triggering-broker makai-acquisition-broker';
const KEYS = '/etc/opq/curve';

describe('docs/operations.md and docs/security.md: rights, kept events, size, keys', function () {
  this.timeout(900_000);
  let one: Installed;
  let container: Container;

  before(async function () {
    this.timeout(1_800_000);
    await skipWithoutContainers(this, 'dpkg-deb');
    one = await installed([], true, WITH_TOOLS);
    container = one.container;
  });
  after(async () => {
    await container?.remove();
  });

  /** Changes settings in a daemon's file; `undefined` takes one away. */
  function set(name: string | undefined, settings: Record<string, unknown>): void {
    const file = join(container.root, `etc/opq/${name}.json`);
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...config, ...settings }));
  }

  async function detailsOf(daemon: string): Promise<Record<string, unknown>> {
    const lines = (await container.attempt('makai', 'status', '--json')).stdout.trim().split('\n');
    const found = lines
      .map((line) => JSON.parse(line) as { daemon: string; details?: Record<string, unknown> })
      .find((one) => one.daemon === daemon);
    return found?.details ?? {};
  }

  const ids = async (): Promise<number[]> =>
    (await events(container)).map(({ event_id }) => event_id).sort((a, b) => a - b);

  it('the file of the store: without the right to write a daemon does not start, and says so; with it all goes on', async () => {
    const unit = 'makai-triggering-service';
    await boxWithSag(container);
    const before = await ids();
    await one.type(`systemctl stop 'makai-*'`);
    for (const [mode, code] of [
      ['600', 'STORE_UNAVAILABLE'],
      ['644', 'STORE_NOT_WRITABLE'],
    ]) {
      await one.type(`for f in ${FILES}; do [ ! -e $f ] || { chown root:root $f; chmod ${mode} $f; }; done`);
      assert.notEqual((await container.attempt('systemctl', 'start', unit)).code, 0, code);
      await one.type(`systemctl stop ${unit}`);
      const log = await container.run('journalctl', '--output=cat', '--lines=20', `--identifier=${unit}`);
      assert.match(log, new RegExp(`${code}`));
      const doctor = await container.attempt('makai', 'doctor');
      assert.match(doctor.stdout, /\/var\/lib\/opq\/makai\.db: opq may not write it/);
    }
    await one.type(`for f in ${FILES}; do [ ! -e $f ] || { chown opq:opq $f; chmod 600 $f; }; done`);
    await one.type(`systemctl reset-failed; systemctl start ${UNITS.join(' ')}`);
    await assertActive(container);
    assert.deepEqual(await ids(), before);
    await boxWithSag(container);
  });

  it('an event is kept for good, and let go again, while daemons run; the audit log has both', async () => {
    const [id] = await ids();
    const settings = `--store config:/etc/opq/${ACQUISITION}.json`;
    await one.type(`makai events keep ${id}`);
    assert.match(await one.type(`makai events show ${id}`), /kept/);
    await one.type(`makai events unkeep ${id} ${settings}`);
    assert.doesNotMatch(await one.type(`makai events show ${id}`), /kept/);
    const audit = await one.type('makai audit list --json');
    assert.equal(audit.split('\n').filter((line) => line.includes(`${id}`) && /keep/.test(line)).length, 2);
  });

  it('store_max_bytes: the oldest waveforms go, a kept event and all events stay', async () => {
    // Some megabytes of waveforms.
    for (let i = 0; i < 3; i += 1)
      await boxWithSag(container, undefined, async () => {
        await container.attempt('sh', '-c', 'sleep 15; makai request --boxes 1001 --last 12 --wait 60');
      });
    const [kept, oldest] = await ids();
    await one.type(`makai events keep ${kept}`);
    set(ACQUISITION, { store_max_bytes: 1e12 });
    await one.type('systemctl restart makai-acquisition-broker');
    const used = async (): Promise<number> => {
      const { store_size } = await detailsOf('acquisition-broker');
      return Number((store_size as { used_bytes?: number } | undefined)?.used_bytes ?? 0);
    };
    await until('the size is known', async () => (await used()) > 0);
    const bytes = await used();
    // Less than 5 % above the limit: nothing is announced a day before.
    set(ACQUISITION, { store_max_bytes: Math.round(bytes * 0.97) });
    await one.type('systemctl restart makai-acquisition-broker');
    await until('the oldest waveforms are deleted', async () =>
      (await one.type(`makai events show ${oldest}`)).includes('deleted'),
    );
    assert.doesNotMatch(await one.type(`makai events show ${kept}`), /deleted/);
    set(ACQUISITION, { store_max_bytes: undefined });
    await one.type('systemctl restart makai-acquisition-broker');
    await assertActive(container);
    await boxWithSag(container);
  });

  it('a new key of the server, step by step, with a reboot between: boxes move one after the other', async () => {
    await one.type(`cp ${KEYS}/public_keys/opqserver.key /root/old.key`);
    const old = { options: '--server-key /root/old.key' };
    const next = {
      options:
        '--server-key /root/next.key --measurements tcp://127.0.0.1:9980 --commands tcp://127.0.0.1:8294 --replies tcp://127.0.0.1:8296',
    };
    await one.type('makai keys rotate-server');
    await one.type(`chown -R opq:opq ${KEYS}/private_keys`);
    await one.type(`cp ${KEYS}/public_keys/opqserver.next.key /root/next.key`);
    const server_cert_next = `${KEYS}/private_keys/opqserver_secret.next`;
    set(TRIGGERING, { server_cert_next, interface_next: 'tcp://*:9980' });
    set(ACQUISITION, { server_cert_next, box_pub_next: 'tcp://*:8294', box_pull_next: 'tcp://*:8296' });
    await one.type(`systemctl restart ${BROKERS}`);
    await boxWithSag(container, undefined, undefined, old);
    await container.reboot();
    await boxWithSag(container, undefined, undefined, next);
    await one.type('makai keys rotate-server --finish --yes');
    await one.type(`chown -R opq:opq ${KEYS}/private_keys`);
    await boxWithSag(container, undefined, undefined, next);
    await container.reboot();
    set(TRIGGERING, { server_cert_next: undefined, interface: 'tcp://*:9980', interface_next: undefined });
    set(ACQUISITION, {
      ...{ server_cert_next: undefined, box_pub: 'tcp://*:8294', box_pull: 'tcp://*:8296' },
      ...{ box_pub_next: undefined, box_pull_next: undefined },
    });
    await one.type(`systemctl restart ${BROKERS}`);
    await one.type(`rm ${KEYS}/private_keys/opqserver_secret.previous`);
    await boxWithSag(container, undefined, undefined, next);
    await container.reboot();
    await assertActive(container);
    await boxWithSag(container, undefined, undefined, next);
  });
});
