import assert from 'node:assert/strict';
import { WaveformBudget } from '../../acquisition-broker/budget/waveform-budget.js';

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 5, 1, 12);

/** A window of so many ms, and what its samples take. */
const of = (ms: number) => ({ startMs: 0, endMs: ms });
const bytes = (ms: number): number => WaveformBudget.bytesOf(of(ms));

function rig(boxBytes: number, totalBytes: number) {
  const clock = { ms: NOON };
  const changes: string[] = [];
  const budget = new WaveformBudget({
    clock: { now: () => clock.ms },
    boxBytes,
    totalBytes,
    boxUsedUp: (boxId, untilMs) => void changes.push(`${boxId} ${untilMs / 3_600_000} h`),
    allUsedUp: (untilMs) => void changes.push(`all ${untilMs / 3_600_000} h`),
  });
  return { budget, clock, changes };
}

describe('acquisition-broker: the budget of waveforms', () => {
  it('a minute takes 1.44 MB', () => {
    assert.equal(WaveformBudget.bytesOf({ startMs: 0, endMs: 60_000 }), 1_440_000);
  });

  it('what is reserved counts, what was released does not, what is stored does', () => {
    const { budget } = rig(bytes(100), 0);
    assert.equal(budget.ask(1, of(60)), undefined);
    assert.equal(budget.ask(1, of(60)), 'waveform_budget_of_box');
    assert.equal(budget.ask(2, of(60)), undefined, 'another box has its own');
    budget.release([1], of(60));
    assert.equal(budget.ask(1, of(60)), undefined);
    budget.release([1], of(60));
    budget.stored(1, bytes(50));
    assert.equal(budget.ask(1, of(60)), 'waveform_budget_of_box');
    assert.equal(budget.ask(1, of(50)), undefined);
  });

  it('all together have one too; what was not asked for counts there alone', () => {
    const { budget, changes } = rig(bytes(100), bytes(150));
    budget.stored(1, bytes(80));
    budget.unasked(bytes(60));
    assert.equal(budget.ask(2, of(20)), 'waveform_budget_of_all');
    assert.equal(budget.ask(3, of(20)), 'waveform_budget_of_all');
    assert.deepEqual(changes, ['all 12 h'], 'said once, and of no box');
    assert.equal(budget.ask(2, of(5)), undefined);
    assert.equal(budget.hasForUnasked, true);
    budget.unasked(bytes(5));
    assert.equal(budget.hasForUnasked, false);
    const { stored_bytes, unasked_bytes, refused, boxes } = budget.status();
    assert.deepEqual(
      [stored_bytes, unasked_bytes, refused.waveform_budget_of_all],
      [bytes(80), bytes(65), 2],
    );
    assert.deepEqual(boxes, [
      { box_id: '2', stored_bytes: 0, reserved_bytes: bytes(5), refused: 0, refused_for_all: 1 },
      { box_id: '3', stored_bytes: 0, reserved_bytes: 0, refused: 0, refused_for_all: 1 },
    ]);
  });

  it('begins again at midnight UTC, but what is reserved is still to come', () => {
    const { budget, clock, changes } = rig(bytes(100), 0);
    budget.stored(1, bytes(90));
    assert.equal(budget.ask(1, of(10)), undefined);
    assert.equal(budget.ask(1, of(1)), 'waveform_budget_of_box');
    assert.equal(budget.ask(1, of(1)), 'waveform_budget_of_box');
    assert.deepEqual(changes, ['1 12 h'], 'said once');
    clock.ms += DAY_MS / 2;
    assert.equal(budget.ask(1, of(91)), 'waveform_budget_of_box');
    assert.equal(budget.ask(1, of(90)), undefined);
    assert.deepEqual(changes, ['1 12 h', '1 24 h']);
    assert.equal(budget.status().day, '2026-06-02');
  });

  it('what the last broker asked for is reserved whether it fits or not', () => {
    const { budget } = rig(bytes(100), 0);
    budget.reserve([1, 2], of(150));
    assert.equal(budget.ask(1, of(1)), 'waveform_budget_of_box');
    budget.release([1, 2], of(150));
    assert.equal(budget.ask(1, of(100)), undefined);
    assert.equal(budget.ask(2, of(100)), undefined);
  });

  it('0 is no bound', () => {
    const { budget } = rig(0, 0);
    budget.stored(1, 1e15);
    budget.unasked(1e15);
    assert.equal(budget.ask(1, of(1e15)), undefined);
    assert.equal(budget.hasForUnasked, true);
  });

  it('an outage of the whole grid fits the defaults: 31 s of each of 60,000 boxes', () => {
    const { budget } = rig(500e6, 50_000e6);
    for (let boxId = 1; boxId <= 60_000; boxId += 1)
      assert.equal(budget.ask(boxId, of(31_000)), undefined, `box ${boxId}`);
  });
});
