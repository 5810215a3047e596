import assert from 'node:assert/strict';
import { type Collected, collect } from '../../cli/survey/collect.js';
import { cyclesBetween, type FakeBox, type Rig, startRig, until } from '../acquisition-broker/rig.js';
import { withinOneDay } from '../support/one-day.js';

describe('cli: a survey of a box whose budget is used up', function () {
  this.timeout(300_000);
  let rig: Rig;
  let box: FakeBox;

  beforeEach(async () => {
    await withinOneDay(60_000);
    rig = await startRig({ boxes: [7], config: { limits: { waveform_mb_per_box: 1 } } });
    box = await rig.box(7, 3);
  });
  afterEach(() => rig.stop());

  /** Reserves the budget for so many seconds of waveform: 24 kB each, of 1 MB. */
  async function reserve(seconds: number): Promise<number> {
    const client = await rig.client();
    const endMs = Date.now() - 1000;
    await client.request({ startMs: endMs - 1000 * seconds, endMs, boxIds: [7] });
    const number = await client.evnew();
    await box.command(number);
    return number;
  }

  /** Three windows of 3 s. */
  function run(): Promise<Collected> {
    const { backend_pub = '', backend_pull = '' } = rig.broker.endpoints;
    return collect({
      boxId: '7',
      seconds: 5,
      maxWindowMs: 3_000,
      store: rig.store,
      client: { requests: backend_pull, notices: backend_pub },
      onWindow: () => undefined,
    });
  }

  it('ends with what was received before, and says why', async () => {
    const reserved = await reserve(38);
    const collecting = run();
    let command = await box.command();
    // After five seconds the box is asked again for what was reserved.
    while (command.identity.startsWith(`data_${reserved}_`)) command = await box.command();
    assert.ok(command.body.kind === 'data');
    await box.answerData(command, cyclesBetween(command.body.startMs, command.body.endMs));
    const { eventIds, parts, refusal } = await collecting;
    assert.equal(parts.length, 1);
    assert.equal(eventIds.length, 2, 'the window that was refused is not requested again, nor the next one');
    assert.equal(refusal, '7: its budget of waveforms for the day was used up (limits.waveform_mb_per_box)');
  });

  it('from the start: nothing is requested twice', async () => {
    await reserve(41);
    await until(() => rig.broker.status().open.requests === 1);
    const { eventIds, parts, refusal } = await run();
    assert.deepEqual([eventIds.length, parts.length], [1, 0]);
    assert.match(refusal ?? '', /^7: its budget/);
  });
});
