/** Sick boxes in a fleet: daemons and simulated boxes as processes, over CURVE; what `makai boxes health` and `makai doctor` say of them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BoxHealthRecord } from '../../cli/box-health/read.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import type { BoxFindingCode } from '../../common/box-findings.js';
import { openStore } from '../../store/open.js';
import type { EventDocument, Store } from '../../store/store.js';
import { makai, Programs, type RunningProgram } from '../cli/run-process.js';
import { assertSaid } from '../support/finding-texts.js';
import { untilEqual } from '../support/until.js';

/** A sag every four seconds, so that plugins ask for waveforms all the time. */
const SAGS = {
  name: 'sags',
  duration_s: 4,
  events: [{ type: 'sag', at_s: 1, duration_s: 0.4, to_pu: 0.7, edge_s: 0 }],
};
const HOURS = 36_000;

describe('box health of a fleet', function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), 'makai-health-'));
  const programs = new Programs();
  let workspace: Workspace;
  let store: Store;

  before(async () => {
    workspace = await prepareWorkspace(folder, ['1001', '1002', '1003', '1004']);
    for (const kind of ['triggering-broker', 'acquisition-broker', 'triggering-service'] as const)
      assert.match((await programs.start(kind, workspace.configs[kind]).line()) ?? '', /"ready"/);
    const scenario = join(folder, 'sags.json');
    writeFileSync(scenario, JSON.stringify(SAGS));
    const { commands, measurements, replies } = workspace.endpoints;
    const box = (id: number, ...more: string[]): RunningProgram =>
      programs.start(
        'box',
        ...['--first-id', String(id), '--keys', workspace.keyDirectory, '--source', scenario, '--json'],
        ...['--measurements', measurements, '--commands', commands, '--replies', replies],
        ...more,
      );
    box(1001);
    // A copied card: the clocks of the two devices differ by some seconds.
    box(1002);
    box(1002, '--ago', '5', '--calibration', '150');
    box(1003, '--ago', String(HOURS));
    // A firewall keeps its replies away.
    box(1004, '--replies', 'tcp://127.0.0.1:9');
    store = await openStore(workspace.storeUrl, { retention: { mode: 'ttl', measurementsSeconds: 86_400 } });
  });

  after(async () => {
    await store?.close();
    await programs.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  async function health(): Promise<Map<string, BoxHealthRecord>> {
    const { stdout } = await makai(['boxes', 'health', '--json', '--dir', folder]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return new Map(
      lines.map((line) => JSON.parse(line) as BoxHealthRecord).map((record) => [record.box_id, record]),
    );
  }

  async function until(id: string, code: BoxFindingCode): Promise<BoxHealthRecord> {
    for (;;) {
      const record = (await health()).get(id);
      const finding = record?.findings.find((one) => one.code === code);
      if (record !== undefined && finding !== undefined) {
        assertSaid(code, finding.info);
        return record;
      }
      await sleep(2000);
    }
  }

  it('names the copied card, the wrong clock and the box that does not reply; the healthy box has no finding', async () => {
    const wrong = await until('1003', 'CLOCK_OFFSET');
    const { clock_offset_ms: offset = 0 } = wrong.stream ?? {};
    assert.ok(Math.abs(offset + 1000 * HOURS) < 60_000, `${offset}`);
    const twice = await until('1002', 'ID_IN_USE_TWICE');
    // More where a connection was made again.
    assert.ok((twice.measurement_connections?.handshakes ?? 0) >= 2);
    assert.deepEqual(
      twice.measurement_connections?.addresses.map(({ address }) => address),
      ['127.0.0.1'],
    );
    await until('1004', 'NO_REPLIES');
    let healthy: BoxHealthRecord | undefined;
    // Where the machine stands still its measurements are late too, for a while.
    await untilEqual(async () => {
      healthy = (await health()).get('1001');
      return healthy?.findings;
    }, []);
    assert.ok((healthy?.replies?.replies ?? 0) > 0);
    assert.ok(Math.abs(healthy?.replies?.clock_offset_ms ?? HOURS) < 60_000);
  });

  it('plugins see nothing of the copied id, and no event is asked of it, while its measurements are stored', async () => {
    const { stream, findings } = await until('1002', 'ID_IN_USE_TWICE');
    assert.ok((stream?.withheld ?? 0) > 0);
    const since = (findings[0]?.since_ms ?? 0) + 60_000;
    const later: EventDocument[] = [];
    while (!later.some((event) => event.boxes_triggered.includes('1001'))) {
      later.splice(0);
      for await (const event of store.events({ fromMs: since })) later.push(event);
      await sleep(1000);
    }
    assert.deepEqual(
      later.filter((event) => event.boxes_triggered.includes('1002')),
      [],
    );
    let stored = 0;
    for await (const _ of store.measurements('1002', { fromMs: since, limit: 100 })) stored += 1;
    assert.ok(stored > 0);
  });

  it('doctor names each, with what to do, and exits with 1', async () => {
    const { code, stdout } = await makai(['doctor', '--dir', folder]);
    assert.equal(code, 1);
    assert.match(stdout, /WRONG +boxes +box 1002: ID_IN_USE_TWICE: .*\n +do: find both devices/);
    assert.match(stdout, /WRONG +boxes +box 1003: CLOCK_OFFSET: its clock is 3[56]\d{3}\.\d s behind ours/);
    assert.match(stdout, /WRONG +boxes +box 1004: NO_REPLIES/);
    assert.doesNotMatch(stdout, /box 1001:/);
  });

  it('one box in full, for people; one that nobody knows', async () => {
    const { code, stdout } = await makai(['boxes', 'health', '1002', '--dir', folder]);
    assert.equal(code, 0);
    assert.match(stdout, /^box 1002:\n {2}ID_IN_USE_TWICE since .*\n {4}do: /);
    assert.match(stdout, /measurement_connections\.addresses:/);
    const unknown = await makai(['boxes', 'health', '4711', '--dir', folder]);
    assert.equal(unknown.code, 3);
    assert.match(unknown.stderr, /no daemon has heard of box 4711/);
  });
});
