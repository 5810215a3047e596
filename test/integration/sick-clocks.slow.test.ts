/**
 * The three daemons as processes, and boxes over CURVE whose clocks stand still, count whole seconds or are set back: every measurement is stored, and the box is
 * named. Boxes that change their address, deliver what they queued, or reopen their command sockets have no finding.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BoxHealthRecord } from '../../cli/box-health/read.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import type { BoxFindingCode } from '../../common/box-findings.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { makai, Programs } from '../cli/run-process.js';
import { assertSaid } from '../support/finding-texts.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { SendingBox } from './sending-box.js';

/** A queue of libzmq holds 1,000 messages. */
const OUTAGE_MS = 90_000;
const STANDING = 1001;
const WHOLE_SECONDS = 1002;
const SET_BACK = 1003;
const MOVING = 1004;
const FLUSHING = 1005;
const BOX_3 = 1006;
const HOUR = 3_600_000;

describe('clocks and connections of boxes, over CURVE', function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), 'makai-clocks-'));
  const programs = new Programs();
  const boxes = new Map<number, SendingBox>();
  let workspace: Workspace;
  let store: Store;
  let proxy: TcpProxy;

  before(async () => {
    const ids = [STANDING, WHOLE_SECONDS, SET_BACK, MOVING, FLUSHING, BOX_3];
    workspace = await prepareWorkspace(folder, ids.map(String));
    for (const kind of ['triggering-broker', 'acquisition-broker', 'triggering-service'] as const)
      assert.match((await programs.start(kind, workspace.configs[kind]).line()) ?? '', /"ready"/);
    store = await openStore(workspace.storeUrl, { retention: { mode: 'ttl', measurementsSeconds: 86_400 } });
    const { commands, measurements, replies } = workspace.endpoints;
    proxy = await startTcpProxy(Number(measurements.split(':').at(-1)));
    programs.start(
      'box',
      ...[
        '--dialect',
        '3',
        '--first-id',
        String(BOX_3),
        '--keys',
        workspace.keyDirectory,
        '--source',
        'quiet',
      ],
      ...['--json', '--measurements', measurements, '--commands', commands, '--replies', replies],
    );
    const standingMs = Date.now();
    const clocks: Record<number, SendingBox['measurement']> = {
      [STANDING]: () => ({ timeMs: standingMs }),
      [WHOLE_SECONDS]: (nowMs) => ({ timeMs: 1000 * Math.floor(nowMs / 1000) }),
    };
    for (const id of ids.filter((one) => one !== BOX_3)) {
      const box = await SendingBox.make(id, workspace, clocks[id]);
      boxes.set(id, box);
      box.connect(id === FLUSHING ? `tcp://127.0.0.1:${proxy.port}` : measurements);
      box.start();
    }
    await until('every box is heard', async () => {
      const heard = await health();
      return ids.every((id) => heard.has(id));
    });
    for (const box of boxes.values()) box.count();
  });

  after(async () => {
    for (const box of boxes.values()) await box.stop();
    await proxy?.close();
    await store?.close();
    await programs.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  async function health(): Promise<Map<number, BoxHealthRecord>> {
    const { stdout } = await makai(['boxes', 'health', '--json', '--dir', folder]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    const records = lines.map((line) => JSON.parse(line) as BoxHealthRecord);
    return new Map(records.map((record) => [Number(record.box_id), record]));
  }

  const codesOf = async (id: number): Promise<string[]> =>
    ((await health()).get(id)?.findings ?? []).map(({ code }) => code);

  async function untilFound(id: number, code: BoxFindingCode): Promise<void> {
    let info: string | undefined;
    await until(code, async () => {
      const findings = (await health()).get(id)?.findings ?? [];
      info = findings.find((one) => one.code === code)?.info;
      return info !== undefined;
    });
    assertSaid(code, info);
  }

  /** Waits until everything that the box has sent so far is stored. @returns the times that it had sent */
  async function untilAllStored(id: number): Promise<Set<number>> {
    const sent = [...(boxes.get(id)?.sent ?? [])];
    const times = new Set<number>();
    await until(
      `all measurements of box ${id} stored`,
      async () => {
        const stored = new Set<number>();
        for await (const one of store.measurements(String(id))) {
          stored.add(Math.round(256 * (one.voltage ?? 0)));
          times.add(one.reported_timestamp_ms ?? one.timestamp_ms);
        }
        return sent.every((rms) => stored.has(Math.round(256 * rms)));
      },
      240_000,
    );
    assert.ok(sent.length >= 180, `${sent.length} sent`);
    return times;
  }

  it('a moving address, a queue of 1,000 messages and reopened command sockets are no finding', async () => {
    const moving = boxes.get(MOVING);
    await proxy.shut();
    const { measurements } = workspace.endpoints;
    const port = measurements.split(':').at(-1);
    for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.4']) {
      moving?.connect(`tcp://${address}:0;127.0.0.1:${port}`);
      await sleep(OUTAGE_MS / 3);
    }
    await proxy.open();
    await untilAllStored(FLUSHING);
    await until(
      'the Box 3 has reopened its command sockets',
      async () => ((await health()).get(BOX_3)?.command_connections?.handshakes ?? 0) > 2,
      240_000,
    );
    const found = await health();
    for (const id of [MOVING, FLUSHING, BOX_3]) assert.deepEqual(found.get(id)?.findings, [], `box ${id}`);
    const addresses = found.get(MOVING)?.measurement_connections?.addresses.map(({ address }) => address);
    assert.ok(addresses?.includes('127.0.0.4'), `${addresses}`);
    assert.equal(found.get(FLUSHING)?.stream?.withheld, 0);
  });

  it('a clock that stands still: CLOCK_STOPPED, and every measurement is stored with the time that the box sent', async () => {
    await untilFound(STANDING, 'CLOCK_STOPPED');
    assert.equal((await untilAllStored(STANDING)).size, 1);
  });

  it('a clock of whole seconds: every measurement is stored, and no finding', async () => {
    const times = await untilAllStored(WHOLE_SECONDS);
    assert.ok([...times].every((time) => time % 1000 === 0));
    assert.deepEqual(await codesOf(WHOLE_SECONDS), []);
  });

  it('a clock that is set back an hour: CLOCK_STEPPED, and every measurement is stored', async () => {
    const box = boxes.get(SET_BACK);
    assert.ok(box);
    box.measurement = (nowMs) => ({ timeMs: nowMs - HOUR });
    await untilFound(SET_BACK, 'CLOCK_STEPPED');
    const record = (await health()).get(SET_BACK);
    assert.ok(Math.abs((record?.stream?.last_step_ms ?? 0) + HOUR) < 60_000);
    assert.ok(!(await codesOf(SET_BACK)).includes('ID_IN_USE_TWICE'));
    await untilAllStored(SET_BACK);
  });
});
