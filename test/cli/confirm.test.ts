import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { canAsk, confirm } from '../../cli/confirm.js';

function terminal() {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  return { input, output };
}

describe('cli: questions on the terminal', () => {
  it('y and yes are yes, in capitals too', async () => {
    for (const reply of ['y\n', 'yes\n', ' YES \n']) {
      const streams = terminal();
      streams.input.write(reply);
      assert.equal(await confirm('Delete?', streams), true, reply);
      assert.match(String(streams.output.read()), /^Delete\? \[y\/N\] $/);
    }
  });

  it('anything else is no, and so is the end of the input', async () => {
    for (const reply of ['\n', 'n\n', 'yep\n', 'yes please\n']) {
      const streams = terminal();
      streams.input.write(reply);
      assert.equal(await confirm('Delete?', streams), false, reply);
    }
    const streams = terminal();
    streams.input.end();
    assert.equal(await confirm('Delete?', streams), false);
  });

  it('nobody is asked without a terminal on both sides', () => {
    const streams = terminal();
    assert.equal(canAsk(streams), true);
    assert.equal(canAsk({ ...streams, input: Object.assign(new PassThrough(), { isTTY: false }) }), false);
    assert.equal(canAsk({ ...streams, output: new PassThrough() }), false);
  });
});
