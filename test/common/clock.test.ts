import assert from 'node:assert/strict';
import { deadline, poll, repeat, systemClock, within } from '../../common/clock.js';
import { ManualClock } from '../acquisition-broker/manual-clock.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const never = new Promise<never>(() => undefined);
const late = (): Error => new Error('late');

describe('common: clock', () => {
  let clock: ManualClock;
  beforeEach(() => {
    clock = new ManualClock();
  });

  it('a timer longer than the longest of Node does not fire immediately', async () => {
    let fired = false;
    const cancel = systemClock.after(2 ** 32, () => {
      fired = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    cancel();
    assert.equal(fired, false);
  });

  it('a deadline gives what comes in time, and its failure', async () => {
    assert.equal(await deadline(Promise.resolve(7), 100, clock, late), 7);
    await assert.rejects(deadline(Promise.reject(new Error('failed')), 100, clock, late), /failed/);
  });

  it('a deadline throws its own error after its time, not before', async () => {
    let error: unknown;
    const waiting = deadline(never, 100, clock, late).catch((thrown: unknown) => {
      error = thrown;
    });
    clock.advance(99);
    await turn();
    assert.equal(error, undefined);
    clock.advance(1);
    await waiting;
    assert.match(String(error), /late/);
  });

  it('within ends at the time, whether the work is done or not', async () => {
    const waiting = within(never, 100, clock);
    clock.advance(100);
    await waiting;
    await within(Promise.resolve(), 100, clock);
  });

  it('repeats: the next time begins after the last one is over, and a stop waits for it', async () => {
    let begun = 0;
    let end = (): void => undefined;
    const work = (): Promise<void> => {
      begun += 1;
      return new Promise((resolve) => {
        end = resolve;
      });
    };
    const running = repeat(work, 100, clock);
    clock.advance(1000);
    assert.equal(begun, 1);
    end();
    await turn();
    clock.advance(100);
    assert.equal(begun, 2);
    let isStopped = false;
    const stopped = running.stop().then(() => {
      isStopped = true;
    });
    await turn();
    assert.equal(isStopped, false);
    end();
    await stopped;
    clock.advance(1000);
    assert.equal(begun, 2);
  });

  it('polls until the reply is final, or until its time is over', async () => {
    let asked = 0;
    const ask = async (): Promise<number> => {
      asked += 1;
      return asked;
    };
    const third = poll(ask, (reply) => reply === 3, { clock, everyMs: 10, ms: 1000 });
    for (let i = 0; i < 3; i += 1) {
      await turn();
      clock.advance(10);
    }
    assert.equal(await third, 3);
    asked = 0;
    const last = poll(ask, () => false, { clock, everyMs: 10, ms: 25 });
    for (let i = 0; i < 4; i += 1) {
      await turn();
      clock.advance(10);
    }
    assert.equal(await last, 4);
  });
});
