/** Following rising ids: gaps, restarts, failures. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Numbered } from '../../gateway/follow/numbered.js';
import { openState, type State } from '../../gateway/state/state.js';
import type { NewIds } from '../../store/store.js';
import { ManualClock } from '../acquisition-broker/manual-clock.js';

describe('gateway: following rising ids', () => {
  let folder = '';
  let state: State;
  let clock: ManualClock;
  let stored: Set<number>;
  let taken: number[];
  const signal = new AbortController().signal;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-numbered-'));
    state = openState(folder, 1_000_000);
    clock = new ManualClock();
    stored = new Set();
    taken = [];
  });
  afterEach(() => {
    state.close();
    rmSync(folder, { recursive: true });
  });

  const store: NewIds = {
    idsAfter: async (_, after, limit) =>
      [...stored]
        .filter((id) => id > after)
        .sort((a, b) => a - b)
        .slice(0, limit),
    highestId: async () => Math.max(0, ...stored),
  };
  const follower = (fails = new Set<number>()): Numbered =>
    new Numbered({
      kind: 'event',
      state,
      clock,
      take: async (id) => {
        if (fails.has(id)) throw new Error(`not ${id}`);
        if (!stored.has(id)) return undefined;
        return () => taken.push(id);
      },
    });

  it('takes what is stored after its first start, in order, once', async () => {
    stored.add(5);
    const one = follower();
    assert.equal(await one.follow(store, signal), 0);
    for (const id of [6, 8, 7]) stored.add(id);
    assert.equal(await one.follow(store, signal), 3);
    assert.equal(await one.follow(store, signal), 0);
    assert.deepEqual(taken, [6, 7, 8]);
  });

  it('takes an id that is stored after a higher one, also after a restart', async () => {
    const one = follower();
    await one.follow(store, signal);
    stored.add(1).add(4);
    await one.follow(store, signal);
    stored.add(3);
    clock.advance(10_000);
    await one.follow(store, signal);
    assert.deepEqual(taken, [1, 4, 3]);
    stored.add(2);
    await follower().follow(store, signal);
    assert.deepEqual(taken, [1, 4, 3, 2]);
    clock.advance(10_000);
    assert.equal(await follower().follow(store, signal), 0);
  });

  it('what cannot be taken is taken the next time; what was taken before is not repeated', async () => {
    await follower().follow(store, signal);
    for (const id of [1, 2, 3]) stored.add(id);
    await assert.rejects(follower(new Set([2])).follow(store, signal), /not 2/);
    assert.deepEqual(taken, [1]);
    await follower().follow(store, signal);
    assert.deepEqual(taken, [1, 2, 3]);
  });

  it('a jump of ids is no list of a million gaps', async () => {
    await follower().follow(store, signal);
    stored.add(2_000_000);
    await follower().follow(store, signal);
    assert.deepEqual(taken, [2_000_000]);
    assert.ok(JSON.stringify(state.positions.get('event')).length < 50_000);
  });
});
