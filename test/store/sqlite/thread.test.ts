import assert from 'node:assert/strict';
import { type MakaiError, messageOf } from '../../../common/errors.js';
import { executeOnThread } from '../../../store/sqlite/execution.js';
import type { OddEngine } from './thread.js';

const SCRIPT = new URL('./thread.js', import.meta.url);

/** A thread, and what it reports when it ends. */
async function given() {
  let report: (error: MakaiError) => void = () => undefined;
  const reported: MakaiError[] = [];
  const end = new Promise<MakaiError>((resolve) => {
    report = resolve;
  });
  const ended = (error: MakaiError): void => {
    reported.push(error);
    report(error);
  };
  return { end, reported, ...(await executeOnThread<OddEngine>(SCRIPT, 'x.db', { workerData: {}, ended })) };
}

describe("store/sqlite: a store's thread", () => {
  for (const how of ['leave', 'crash'] as const) {
    it(`that ends by itself (${how}) says so once; what waits and what comes is refused`, async () => {
      const { call, close, end, reported } = await given();
      // One ends the thread in the middle of the call, the other after it.
      assert.match(await failureOf(call(how)), how === 'leave' ? /thread of the store ended/ : /^none$/);
      const { code, message } = await end;
      assert.equal(code, 'WORKER_EXITED');
      assert.match(message, how === 'crash' ? /x\.db.*out of order/ : /x\.db/);
      await assert.rejects(call('add', 1, 2), { code: 'STORE_UNAVAILABLE' });
      await close();
      assert.equal(reported.length, 1);
    });
  }

  it('takes what is called in one turn together; what cannot cross to it is refused, and the thread lives on', async () => {
    const { call, close } = await given();
    const sums = [1, 2, 3].map((n) => call('add', n, n));
    assert.deepEqual(await Promise.all(sums), [2, 4, 6]);
    const noNumber = (() => 1) as unknown as number;
    const [before, wrong, after] = [
      call('add', 3, 4),
      failureOf(call('add', noNumber, 1)),
      call('add', 5, 6),
    ];
    assert.deepEqual([await before, await after], [7, 11], 'the others of its turn are not at fault');
    assert.match(await wrong, /could not be cloned/);
    assert.equal(await call('add', 1, 2), 3);
    await close();
  });

  it('that is closed says nothing', async () => {
    const { call, close, reported } = await given();
    assert.equal(await call('add', 1, 2), 3);
    await Promise.all([close(), close()]);
    assert.deepEqual(reported, []);
  });

  it('lives on when a failed transaction cannot be rolled back, and works again when the disk does', async () => {
    const { call, close, reported } = await given();
    // The second comes into the transaction that the first could not end.
    for (const operation of [call('breakDisk', 2), call('add', 1, 2)])
      assert.match(await failureOf(operation), /I\/O error|within a transaction/);
    assert.match(await failureOf(call('add', 1, 2)), /I\/O error|within a transaction/);
    const answers = [];
    while (answers.at(-1) !== 3) answers.push(await call('add', 1, 2).catch(messageOf));
    assert.ok(answers.length <= 2, answers.join('; '));
    await close();
    assert.deepEqual(reported, []);
  });
});

async function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'none', messageOf);
}
