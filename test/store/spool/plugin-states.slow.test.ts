import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../../../common/clock.js';
import { MakaiError } from '../../../common/errors.js';
import type { PluginState } from '../../../store/documents.js';
import { ManualClock } from '../../acquisition-broker/manual-clock.js';
import { givenSpool } from './given.js';

const FAULT = new MakaiError('STORE_UNAVAILABLE', 'code 1');
const stateOf = (plugin: string, body: string): PluginState => ({ plugin, format: 'json', body });

describe('spool: states of plugins', () => {
  const given = givenSpool();
  let time: ManualClock;
  let isTaken: boolean;
  beforeEach(() => {
    time = new ManualClock();
    isTaken = false;
    given().way.refuse = (_, write) =>
      write?.kind === 'plugin_state' && write.state.body === 'old' && !isTaken ? FAULT : undefined;
  });
  const timed = (): Clock => ({
    ...systemClock,
    now: () => given().clock.ms,
    after: (ms, fn) => time.after(ms, fn),
  });
  const passUntil = async (condition: () => boolean): Promise<void> => {
    while (!condition()) {
      time.advance(250);
      await sleep(2);
    }
  };

  it('a newer one waits behind an older one of its plugin, though the database would take it; others do not', async () => {
    const { database, way } = given();
    const spool = await given().open({ clock: timed() });
    await spool.putPluginState(stateOf('p', 'old'));
    await spool.putPluginState(stateOf('p', 'new'));
    await spool.putPluginState(stateOf('q', 'new'));
    assert.deepEqual(await database.pluginState('q'), stateOf('q', 'new'));
    assert.equal(await database.pluginState('p'), undefined);
    assert.equal(spool.stats().waiting.plugin_state, 2);
    // The older one is tried again and again, and the newer one never in front of it.
    let tries = 0;
    const { refuse } = way;
    way.refuse = (name, write) => {
      const refusal = refuse(name, write);
      if (refusal !== undefined) tries += 1;
      return refusal;
    };
    await passUntil(() => tries >= 2);
    assert.equal(await database.pluginState('p'), undefined);
    isTaken = true;
    await passUntil(() => spool.stats().rows === 0);
    assert.deepEqual(await database.pluginState('p'), stateOf('p', 'new'));
    await spool.putPluginState(stateOf('p', 'newest'));
    assert.deepEqual(await database.pluginState('p'), stateOf('p', 'newest'));
    assert.equal(spool.stats().spooled.plugin_state, 2);
  });

  it('also after a restart, and when the clock was set back', async () => {
    const { clock, database, way } = given();
    way.open = false;
    const first = await given().open({ clock: timed() });
    await first.putPluginState(stateOf('p', 'old'));
    await first.close();
    way.open = true;
    clock.ms -= 3_600_000;
    const spool = await given().open({ clock: timed() });
    await spool.putPluginState(stateOf('p', 'new'));
    isTaken = true;
    await passUntil(() => spool.stats().rows === 0);
    assert.deepEqual(await database.pluginState('p'), stateOf('p', 'new'));
  });
});
