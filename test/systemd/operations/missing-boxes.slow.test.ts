/** docs/troubleshooting.md under a live systemd: each cause of a missing box as the page has it, what its commands say, and that the remedy of the page brings the box in. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { writePublicCertificate } from '../../../keys/files.js';
import { newKeyPair } from '../../../keys/key.js';
import { WITH_TOOLS } from '../../support/debian-root.js';
import { until, untilEqual } from '../../support/until.js';
import type { Container } from '../container.js';
import { skipWithoutContainers } from '../setup.js';
import { entries, states, type UnitState } from '../units.js';
import { BackgroundBox } from './background-box.js';
import { type Installed, installed } from './installed.js';

const PAGE = readFileSync(join(PACKAGE_ROOT, 'docs/troubleshooting.md'), 'utf8');
const PROBE = /^(timeout 3 bash -c '.*'; echo \$\?)$/m.exec(PAGE)?.[1] ?? '';
/** A box each, which nothing is known of yet. All are at one address, so the wrong key comes first: later it is taken for that of a router. */
const [WRONG_KEY, CLOCK, WRONG_PORT, BLOCKED] = ['1001', '1002', '1003', '1004'];
const HOLD =
  'add table inet test; add chain inet test boxes { type filter hook input priority -10; }; add rule inet test boxes tcp dport { 9880, 8194, 8196 } drop';

interface Row {
  box_id: string;
  heard: boolean;
  why?: string;
}

describe('docs/troubleshooting.md, under a live systemd', function () {
  this.timeout(400_000);
  let one: Installed;
  let container: Container;
  let box: BackgroundBox | undefined;
  let began: Map<string, UnitState>;

  before(async function () {
    this.timeout(1_800_000);
    await skipWithoutContainers(this, 'dpkg-deb');
    one = await installed([], true, WITH_TOOLS);
    container = one.container;
    await one.type(`makai keys new-box ${CLOCK}-${BLOCKED}`);
    began = await states(container);
  });
  after(async () => {
    await container?.remove();
  });
  afterEach(async () => {
    await box?.stop();
    box = undefined;
    // Nothing has to be restarted on the side of the brokers.
    if (began !== undefined) assert.deepEqual(await states(container), began);
  });

  async function start(id: string, ...options: string[]): Promise<void> {
    await box?.stop();
    box = await BackgroundBox.start(container, id, options);
  }

  async function rowOf(id: string): Promise<Row | undefined> {
    const { stdout } = await container.attempt('makai', 'boxes', 'status', '--json');
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Row).find(({ box_id }) => box_id === id);
  }

  /** `makai boxes status` gives the reason, as the page has it. */
  async function untilWhy(id: string, begin: string, rest: RegExp): Promise<void> {
    assert.ok(PAGE.includes(`\`${begin}`), `${begin} is not in docs/troubleshooting.md`);
    let why: string | undefined;
    await until(`box ${id}: ${begin}`, async () => {
      why = (await rowOf(id))?.why;
      return why?.startsWith(begin) === true && rest.test(why);
    }).catch((error: unknown) => assert.fail(`${String(error)}: ${why}`));
    assert.equal((await container.attempt('makai', 'boxes', 'status')).code, 1);
  }

  const untilHeard = (id: string): Promise<void> =>
    until(`box ${id} is heard`, async () => {
      const row = await rowOf(id);
      return row?.heard === true && row.why === undefined;
    });

  /** The page's command, from the side of the box, here on the same host. @returns what it prints */
  const probe = async (port: number): Promise<string> => {
    assert.ok(PROBE.includes('/SERVER/9880'));
    const command = PROBE.replace('SERVER', '127.0.0.1').replace('9880', String(port));
    return (await container.run('bash', '-c', command)).trim();
  };

  async function metric(port: number, series: string): Promise<number> {
    const script = `fetch('http://127.0.0.1:${port}/metrics').then((r) => r.text()).then(console.log)`;
    const text = await container.run('/usr/lib/opq-makai/bin/node', '-e', script);
    const line = text.split('\n').find((one) => one.startsWith(`${series} `));
    return Number(line?.slice(series.length));
  }

  it('wrong server key: its address in status, doctor, log and metrics; with the right key the box is in', async () => {
    const file = join(container.root, 'root/other.key');
    await writePublicCertificate(file, { boxId: undefined, publicKey: newKeyPair().publicKey });
    await start(WRONG_KEY, '--server-key', '/root/other.key');
    await untilWhy(WRONG_KEY, 'no connection', /wrong server key\): 127\.0\.0\.1/);
    const { stdout } = await container.attempt('makai', 'boxes', 'status');
    assert.match(stdout, /^connections with another server key than ours come from: 127\.0\.0\.1$/m);
    const doctor = await container.attempt('makai', 'doctor');
    assert.match(doctor.stdout, /another server key than ours.* 127\.0\.0\.1/);
    const log = await entries(container, 'makai-triggering-broker', '--priority=warning');
    assert.ok(log.some(({ MESSAGE }) => MESSAGE.includes('a connection with another server key than ours')));
    assert.ok((await metric(9890, 'makai_wrong_server_key_addresses')) > 0);
    assert.ok((await metric(9890, 'makai_connections_refused_total{reason="wrong_server_key"}')) > 0);
    await start(WRONG_KEY);
    await untilHeard(WRONG_KEY);
    await start(WRONG_KEY, '--server-key', '/root/other.key');
    await untilWhy(WRONG_KEY, 'wrong server key', /127\.0\.0\.1/);
  });

  it('clock: what is dropped is counted; with the right time the box is in', async () => {
    await start(CLOCK, '--ago', '200000');
    await untilWhy(CLOCK, 'clock', /more than 24 h old/);
    assert.equal((await rowOf(CLOCK))?.heard, true);
    assert.ok((await metric(9892, 'makai_dropped_total{reason="time_too_old"}')) > 0);
    await until('the finding has the offset', async () => {
      const { stdout } = await container.attempt('makai', 'boxes', 'health', CLOCK);
      return /CLOCK_OFFSET/.test(stdout) && /stream\.clock_offset_ms +-20\d{7}$/m.test(stdout);
    });
    assert.match((await container.attempt('makai', 'boxes', 'health')).stdout, /clock s[\s\S]* -200000/);
    await start(CLOCK);
    await untilHeard(CLOCK);
  });

  it('wrong port: the other connection is there, and the port is refused; with the right port the box is in', async () => {
    await start(WRONG_PORT, '--measurements', 'tcp://127.0.0.1:9879');
    await untilWhy(WRONG_PORT, 'wrong port or blocked', /it connects to the acquisition broker only/);
    // Its three seconds are short where the machine stands still.
    await untilEqual(async () => [await probe(9879), await probe(9880)], ['1', '0']);
    await start(WRONG_PORT);
    await untilHeard(WRONG_PORT);
  });

  it('blocked: nothing comes, and the port does not reply; without the rule the box is in', async () => {
    await container.run('nft', HOLD);
    await start(BLOCKED);
    await untilWhy(BLOCKED, 'no connection', /blocked/);
    assert.equal(await probe(9880), '124');
    assert.match(await one.type('nft list ruleset'), /tcp dport \{.*9880.*\} drop/);
    await container.run('nft', 'delete', 'table', 'inet', 'test');
    await untilHeard(BLOCKED);
  });
});
