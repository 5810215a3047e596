/**
 * Findings that take minutes, with the three daemons as processes and boxes over CURVE: a wrong calibration, a budget that is used up, a retired box that sends, a
 * loose plug, a network that loses a third. Each says what its example in docs/box-health.md says.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BoxHealthRecord } from '../../cli/box-health/read.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import type { BoxFindingCode } from '../../common/box-findings.js';
import type { Kind } from '../../config/kinds.js';
import { openStore } from '../../store/open.js';
import { makai, Programs } from '../cli/run-process.js';
import { assertSaid } from '../support/finding-texts.js';
import { withinOneDay } from '../support/one-day.js';
import { until } from '../support/until.js';
import { SendingBox } from './sending-box.js';

const WRONG_CALIBRATION = 1001;
const MUCH_ASKED = 1002;
const RETIRED = 1003;
const LOOSE_PLUG = 1004;
const LOSSY = 1005;
const HEALTHY = 1006;
/** Measurements of a minute. */
const MINUTE = 360;
const PATIENCE_MS = 500_000;
/** The test of the budget takes less. */
const BEFORE_MIDNIGHT_MS = 240_000;
const DAY_MS = 86_400_000;

/** Budgets of waveforms are of a day in UTC. */
const today = (): number => Math.floor(Date.now() / DAY_MS);

describe('findings of boxes that take minutes', function () {
  this.timeout(900_000);
  const folder = mkdtempSync(join(tmpdir(), 'makai-findings-'));
  const programs = new Programs();
  const boxes: SendingBox[] = [];
  let workspace: Workspace;
  /** when the budget was used up */
  let usedUpOn = 0;

  function change(kind: Kind, more: Record<string, unknown>): void {
    const file = workspace.configs[kind];
    const fields = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...fields, ...more }), { mode: 0o600 });
  }

  function simulate(id: number, source: string): void {
    const { commands, measurements, replies } = workspace.endpoints;
    programs.start(
      'box',
      ...['--first-id', String(id), '--keys', workspace.keyDirectory, '--source', source, '--json'],
      ...['--measurements', measurements, '--commands', commands, '--replies', replies],
    );
  }

  before(async () => {
    const ids = [WRONG_CALIBRATION, MUCH_ASKED, RETIRED, LOOSE_PLUG, LOSSY, HEALTHY];
    workspace = await prepareWorkspace(folder, ids.map(String));
    change('acquisition-broker', { limits: { waveform_mb_per_box: 1 } });
    change('triggering-service', { plugins: [{ path: 'threshold', suspect_ms: 60_000 }] });
    const store = await openStore(workspace.storeUrl, {
      retention: { mode: 'ttl', measurementsSeconds: 86_400 },
    });
    await store.putBox({ box_id: String(RETIRED), calibration_constant: 100, unplugged: true });
    await store.close();
    for (const kind of ['triggering-broker', 'acquisition-broker', 'triggering-service'] as const)
      assert.match((await programs.start(kind, workspace.configs[kind]).line()) ?? '', /"ready"/);
    const scenario = join(folder, '127.json');
    writeFileSync(scenario, JSON.stringify({ name: '127 V', duration_s: 60, grid: { voltage_v: 127 } }));
    simulate(WRONG_CALIBRATION, scenario);
    for (const id of [MUCH_ASKED, RETIRED, HEALTHY]) simulate(id, 'quiet');
    const plug = await SendingBox.make(LOOSE_PLUG, workspace, (timeMs, number) =>
      number % 8 === 0 ? { timeMs } : { timeMs, frequency: Number.NaN, rms: 0.01 },
    );
    const lossy = await SendingBox.make(LOSSY, workspace, (timeMs, number) =>
      number > MINUTE && number % 3 === 0 ? undefined : { timeMs },
    );
    boxes.push(plug, lossy);
    for (const box of boxes) {
      box.connect(workspace.endpoints.measurements);
      box.start();
    }
  });

  after(async () => {
    for (const box of boxes) await box.stop();
    await programs.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  async function health(): Promise<Map<number, BoxHealthRecord>> {
    const { stdout } = await makai(['boxes', 'health', '--json', '--dir', folder]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    const records = lines.map((line) => JSON.parse(line) as BoxHealthRecord);
    return new Map(records.map((record) => [Number(record.box_id), record]));
  }

  async function untilFound(id: number, code: BoxFindingCode): Promise<void> {
    let info: string | undefined;
    await until(
      `${code} of box ${id}`,
      async () => {
        info = (await health()).get(id)?.findings.find((finding) => finding.code === code)?.info;
        return info !== undefined;
      },
      PATIENCE_MS,
    );
    process.stderr.write(`      ${code}: ${info}\n`);
    assertSaid(code, info);
  }

  it('WAVEFORM_BUDGET: the request says which box was not asked and why', async () => {
    await until('both boxes are heard', async () => {
      const heard = await health();
      return heard.has(MUCH_ASKED) && heard.has(HEALTHY);
    });
    // Midnight ends what is found of the budget: where it is near, the test is one of the next day.
    await withinOneDay(BEFORE_MIDNIGHT_MS);
    usedUpOn = today();
    const args = ['request', '--boxes', `${MUCH_ASKED},${HEALTHY}`, '--dir', folder];
    const first = await makai([...args, '--last', '25', '--wait', '300']);
    assert.equal(first.code, 0, first.stderr);
    // 45 s take 1.08 MB.
    const second = await makai([...args, '--last', '45', '--wait', '20']);
    assert.match(second.stdout, /not asked: 1002, 1006: its budget of waveforms for the day was used up/);
    await untilFound(MUCH_ASKED, 'WAVEFORM_BUDGET');
    const { waveforms } = (await health()).get(MUCH_ASKED) ?? {};
    assert.equal(waveforms?.refused, 1);
    assert.ok((waveforms?.stored_bytes ?? 0) > 0);
  });

  it('CALIBRATION_SUSPECT', () => untilFound(WRONG_CALIBRATION, 'CALIBRATION_SUSPECT'));
  it('UNPLUGGED_BUT_SENDING', () => untilFound(RETIRED, 'UNPLUGGED_BUT_SENDING'));
  it('RATE', () => untilFound(LOSSY, 'RATE'));
  it('NOISY_INPUT', () => untilFound(LOOSE_PLUG, 'NOISY_INPUT'));

  it('the healthy box has no other', async () => {
    const found = (await health()).get(HEALTHY)?.findings.map(({ code }) => code);
    assert.deepEqual(
      found?.filter((code) => code !== 'WAVEFORM_BUDGET'),
      [],
    );
    if (today() === usedUpOn) assert.deepEqual(found, ['WAVEFORM_BUDGET'], 'it was asked for as much');
  });
});
