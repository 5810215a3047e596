import assert from 'node:assert/strict';
import { sendersIn, whatHappens } from '../../cli/commands/survey.js';

const STATUS = { boxes: { box2: { ids: ['1001', '1003'] }, box3: { ids: ['0', '7'] } } };

describe('cli: what a survey says before it asks', () => {
  it('a Box 3 sends alone, a Box 2 with all others, and its waveform is stored', () => {
    assert.deepEqual(sendersIn(STATUS, '0'), ['0']);
    assert.deepEqual(sendersIn(STATUS, '1001'), ['1001', '1003']);
    assert.equal(sendersIn(STATUS, '8'), undefined);
    assert.equal(
      whatHappens('0', 600, ['0']),
      'box 0 will send about 14.4 MB over 10.0 minutes, which is stored.',
    );
    assert.match(
      whatHappens('1001', 600, ['1001', '1003']),
      /all 2 .* 28\.8 MB .*what box \w+ sends is stored/,
    );
    assert.match(whatHappens('8', 600, undefined), /if it is, every Box 2 sends as much/);
  });
});
