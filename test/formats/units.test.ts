import assert from 'node:assert/strict';
import { numberOf, wholeWithin } from '../../formats/numbers.js';
import { decodeText, Lines } from '../../formats/text.js';
import { unitOf } from '../../formats/units.js';
import { Warnings, warningText } from '../../formats/warnings.js';

describe('formats: units, numbers, lines, warnings', () => {
  for (const [text, quantity, factor] of [
    ['V', 'voltage', 1],
    ['kV', 'voltage', 1e3],
    ['KV', 'voltage', 1e3],
    ['mV', 'voltage', 1e-3],
    ['MV', 'voltage', 1e6],
    ['uV', 'voltage', 1e-6],
    ['µV', 'voltage', 1e-6],
    ['μV', 'voltage', 1e-6],
    ['volt', 'voltage', 1],
    ['Volts', 'voltage', 1],
    ['Vrms', 'voltage', 1],
    ['kV rms', 'voltage', 1e3],
    ['millivolts', 'voltage', 1e-3],
    ['ampere', 'current', 1],
    ['kA', 'current', 1e3],
    ['s', 'time', 1],
    ['ms', 'time', 1e-3],
    ['Second', 'time', 1],
    ['usec', 'time', 1e-6],
    ['microseconds', 'time', 1e-6],
    ['Hz', 'frequency', 1],
    ['kHz', 'frequency', 1e3],
    ['%', 'ratio', 0.01],
  ] as const) {
    it(text, () => assert.deepEqual(unitOf(text), { quantity, factor }));
  }

  it('what is no unit is none', () => {
    for (const text of [
      '',
      'none',
      'fortnights',
      'constructor',
      '__proto__',
      'toString',
      'xV',
      'kkV',
      'k',
      'm',
    ]) {
      assert.equal(unitOf(text), undefined, text);
    }
  });

  it('a number is a whole field, or none', () => {
    for (const [text, value] of [
      ['1', 1],
      [' -2.5 ', -2.5],
      ['.5', 0.5],
      ['5.', 5],
      ['1e3', 1000],
      ['1D3', 1000],
      ['+7', 7],
    ] as const) {
      assert.equal(numberOf(text), value);
    }
    for (const text of [
      '',
      ' ',
      '1,5',
      '1 2',
      '0x10',
      'Infinity',
      'NaN',
      '1e999',
      '12abc',
      '--1',
      '1e',
      '.',
      '1.2.3',
      undefined,
    ]) {
      assert.equal(numberOf(text), undefined, text);
    }
    assert.equal(numberOf('1,5', ','), 1.5);
    assert.equal(numberOf('1.5', ','), undefined);
    assert.equal(numberOf('1,234,5', ','), undefined);
    assert.equal(wholeWithin('1e9', 0, 1e10), 1e9);
    assert.equal(wholeWithin('1.5', 0, 10), undefined);
    assert.equal(wholeWithin('11', 0, 10), undefined);
  });

  it('lines of every end, counted as an editor counts them', () => {
    const lines = new Lines('a\r\nb\n\nc\rd\r\r\ne\r\rf');
    const found: [string, number][] = [];
    for (let line = lines.next(); line !== undefined; line = lines.next())
      found.push([line.text, line.number]);
    assert.deepEqual(found, [
      ['a', 1],
      ['b', 2],
      ['c', 4],
      ['d', 5],
      ['e', 6],
      ['f', 8],
    ]);
  });

  it('warnings: a kind once, counted, with its place', () => {
    const warnings = new Warnings();
    for (const line of [3, 4, 5]) warnings.add('odd', { file: 'a.csv', line }, 'odd value');
    warnings.add('other', { file: 'a.dat', byte: 12 }, 'cut off');
    assert.deepEqual(warnings.all.map(warningText), [
      'a.csv, line 3: odd value (3 times; this is the first)',
      'a.dat, byte 12: cut off',
    ]);
  });

  it('text of another code page is read with a warning', () => {
    const warnings = new Warnings();
    assert.equal(decodeText(Buffer.from('é', 'latin1'), { file: 'a' }, warnings).text, 'é');
    assert.match(warnings.all[0]?.text ?? '', /is not UTF-8/);
  });
});
