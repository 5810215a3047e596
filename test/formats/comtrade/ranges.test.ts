/** Numbers of a CFG go into arithmetic only after a range check. */
import assert from 'node:assert/strict';
import { readComtrade } from '../../../formats/comtrade/index.js';
import { one, refused, warns } from '../support.js';
import { IA, type Made, parts, VA } from './made.js';

const read = (made: Made) => readComtrade(parts(made));

describe('COMTRADE, numbers out of range', () => {
  for (const frequency of ['0', '-50', '1e9', '1e-9', '0.000000']) {
    it(`a line frequency of ${frequency} is not known, with a warning`, () => {
      const content = read({ frequency });
      warns(content, /line frequency of .* cannot be meant/);
      assert.equal(one(content).nominalFrequencyHz, undefined);
    });
  }

  for (const [what, made, word] of [
    ['a negative rate', { rates: ['-4800,4'] }, /sampling rate of "-4800"/],
    ['a rate of 1e-9', { rates: ['1e-9,4'] }, /sampling rate of "1e-9"/],
    ['a rate of 1e300', { rates: ['1e300,4'] }, /sampling rate of "1e300"/],
    ['a rate that is text', { rates: ['fast,4'] }, /sampling rate of "fast"/],
    ['a negative last sample', { rates: ['4800,-4'] }, /last sample of "-4"/],
    ['a last sample of 1e-9', { rates: ['4800,1e-9'] }, /last sample of "1e-9"/],
    ['a last sample beyond 32 bits', { rates: ['4800,1e12'] }, /last sample of "1e12"/],
    [
      'a multiplier of infinity',
      { channels: [VA.replace('0.001', '1e999'), IA] },
      /multiplier a of analog channel 1/,
    ],
    [
      'a multiplier of 1e300',
      { channels: [VA.replace('0.001', '1e300'), IA] },
      /multiplier a of analog channel 1/,
    ],
    ['an offset that is text', { channels: [VA.replace('0.5', 'x'), IA] }, /offset b of analog channel 1/],
    ['a hexadecimal number', { channels: [VA.replace('0.001', '0x10'), IA] }, /multiplier a/],
    ['a time multiplier of 0', { tail: ['0'] }, /time multiplier "0"/],
    ['a negative time multiplier', { tail: ['-1'] }, /time multiplier "-1"/],
    ['a number of channels of a million', { counts: '1000001,1000000A,1D' }, /expected numbers of channels/],
    ['a negative number of channels', { counts: '3,-2A,1D' }, /expected numbers of channels/],
    ['a number of rates that is no whole number', { rateCount: '1.5' }, /number of sampling rates/],
    ['text in the data', { data: '1,0,abc,7,0' }, /made\.dat, line 1: expected a number, found "abc"/],
    ['a row that is cut off', { data: '1,0,100' }, /made\.dat, line 1: expected 5 numbers, found 3/],
    ['half a number', { data: '1,0,100x,7,0' }, /expected a number, found "100x"/],
    ['no data', { data: '\r\n\u001a' }, /no sample/],
    ['no binary record', { format: 'BINARY', data: Buffer.alloc(5) }, /5 bytes, a record has 14/],
    ['an unknown data format', { format: 'EBCDIC' }, /"EBCDIC" is not one of ASCII, BINARY/],
    ['a channel line without numbers', { channels: ['1,VA', '2,IA'] }, /line 3: the multiplier a/],
  ] as [string, Made, RegExp][]) {
    it(`refuses ${what}`, () => refused(() => read(made), /made\.(cfg|dat)/, word));
  }

  it('a last sample of 0, and one of 1e9: what is there is read, with a warning', () => {
    const zero = read({ rates: ['4800,0'] });
    warns(zero, /last sample of a rate is 0/);
    assert.equal(one(zero).analog[0]?.samples.length, 4);
    const huge = read({ rates: ['4800,1e9'] });
    warns(huge, /has 4 samples, the CFG announces 1000000000/);
    assert.equal(one(huge).analog[0]?.samples.length, 4);
  });

  it('a CFG of many channels and a DAT of many blank lines take no memory of their product', () => {
    const analog = 20_000;
    const channels = Array.from({ length: analog }, (_, i) => `${i + 1},c,,,V,1,0,0,0,9,1,1,P`);
    const made = { counts: `${analog},${analog}A,0D`, channels, digital: [], data: '\n'.repeat(1_000_000) };
    refused(() => read(made), /no sample/);
  });

  it('a transformer of 0, a skew of text and a side of neither: not followed, with a warning', () => {
    const content = read({
      channels: [VA.replace('14400,120', '0,0'), IA.replace('1,1,S', '1,1,Q').replace('2,0,0', '2,0,soon')],
    });
    warns(content, /a transformer of "0" to "0"/, /skew of "soon"/, /"Q" where P or S belongs/);
  });
});
