/** What recorders and editors leave in files, and reading does not need. */
import assert from 'node:assert/strict';
import { readComtrade } from '../../../formats/comtrade/index.js';
import { voltageOf } from '../../../formats/index.js';
import { near, one, refused, warns } from '../support.js';
import { ASCII, configLines, IA, type Made, parts, records, VA, VOLTS } from './made.js';

function reads(made: Made, ...words: RegExp[]) {
  const content = readComtrade(parts(made));
  warns(content, ...words);
  near(voltageOf(content, 'made').values, VOLTS);
  return one(content);
}

describe('COMTRADE, tolerance', () => {
  for (const [what, end] of [
    ['LF', '\n'],
    ['CR', '\r'],
    ['CR LF', '\r\n'],
    ['CR CR LF', '\r\r\n'],
    ['blank lines between', '\r\n\r\n'],
  ] as const) {
    it(`line ends: ${what}, in CFG and DAT`, () => {
      const made = parts({ data: ASCII.replaceAll('\r\n', end) }, end);
      const content = readComtrade(made);
      warns(content);
      near(voltageOf(content, 'made').values, VOLTS);
    });
  }

  it('the line of a mistake is counted as an editor does, whatever the ends', () => {
    for (const end of ['\n', '\r', '\r\n', '\r\r\n']) {
      const data = ASCII.replace('300', 'x').replaceAll('\r\n', end);
      refused(() => readComtrade(parts({ data }, end)), /made\.dat, line 3: expected a number, found "x"/);
      const channels = [VA, IA.replace('A,2,', 'A,x,')];
      refused(
        () => readComtrade(parts({ channels }, end)),
        /made\.cfg, line 4: the multiplier a of analog channel 2/,
      );
    }
  });

  it('a byte order mark, UTF-16, padding with 0x1A, NUL and blanks', () => {
    const text = configLines().join('\r\n');
    for (const bytes of [
      Buffer.from(`\ufeff${text}`),
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      Buffer.from(text, 'utf16le'),
      Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
      Buffer.from(`${text}\u001a\u001a\u001a`),
      Buffer.from(`${text}\r\n\0\0\0\0`),
      Buffer.from(text.replaceAll(',', ' , ')),
    ]) {
      const content = readComtrade({ ...parts(), cfg: { file: 'made.cfg', bytes } });
      warns(content);
      near(voltageOf(content, 'made').values, VOLTS);
    }
    reads({ data: `${ASCII}${'\u001a'.repeat(512)}` });
    reads({ data: `\ufeff${ASCII}` });
    reads({ data: Buffer.from(`\ufeff${ASCII}`, 'utf16le') });
    reads({ data: ASCII.replaceAll(',', ' ,\t') });
    reads({ format: 'BINARY', data: Buffer.concat([records('BINARY'), Buffer.alloc(5, 0x1a)]) });
    reads({ format: 'ASCII\u001a', tail: [] });
  });

  it('names in UTF-8, Latin-1 and a code page that is named', () => {
    const made = parts();
    const named = (bytes: Buffer, encoding?: string) => {
      const text = configLines().join('\r\n').replace('station', '@');
      const at = Buffer.from(text).indexOf('@');
      const cfg = Buffer.concat([Buffer.from(text.slice(0, at)), bytes, Buffer.from(text.slice(at + 1))]);
      return readComtrade(
        { ...made, cfg: { file: 'made.cfg', bytes: cfg } },
        encoding === undefined ? {} : { encoding },
      );
    };
    const utf8 = named(Buffer.from('Estação 测试'));
    warns(utf8);
    assert.equal(one(utf8).station, 'Estação 测试');
    const latin = named(Buffer.from('Estação', 'latin1'));
    warns(latin, /is not UTF-8/);
    assert.equal(one(latin).station, 'Estação');
    const cyrillic = named(Buffer.from([0xcf, 0xf1]), 'windows-1251');
    warns(cyrillic);
    assert.equal(one(cyrillic).station, 'Пс');
    refused(() => named(Buffer.from('x'), 'klingon'), /encoding "klingon" is not known/);
  });

  it('fields that reading does not need: empty, missing, or nonsense', () => {
    assert.equal(reads({ frequency: '' }, /there is no line frequency/).nominalFrequencyHz, undefined);
    reads({ channels: ['1,VA,,,kV,0.001,0.5,,,,,,', '2,IA,,,A,2,,,,,,,'] });
    reads({ channels: ['1,VA,A,,kV,0.001,0.5', '2,IA,A,,A,2,0'] });
    reads({ digital: ['1,'] });
    reads({ tail: [] });
    reads({ tail: [''] });
    assert.equal(reads({ start: ',' }, /there is no time of the first sample/).start, undefined);
    reads({ start: 'yesterday,noon' }, /"yesterday,noon" is no time of the first sample/);
    reads({ start: '31/02/2024,00:00:00.0' }, /is no time of the first sample/);
    reads({ trigger: '' }, /there is no time of the trigger/);
    reads(
      { year: '2013', tail: ['1', 'EST,', 'Z,9'] },
      /"EST" is no offset/,
      /"Z" is no time quality/,
      /"9" is no leap second/,
    );
  });

  it('counts with a part missing', () => {
    assert.equal(
      reads({ counts: '3,2A' }, /lacks a number: read as 2 analog and 1 digital/).digital.length,
      1,
    );
    assert.equal(reads({ counts: '3,1D' }, /lacks a number/).analog.length, 2);
    assert.equal(reads({ counts: ',2A,1D' }, /"" channels in all/).analog.length, 2);
    reads({ counts: ' 3 , 2a , 1d ' });
    refused(() => readComtrade(parts({ counts: '3' })), /expected numbers of channels/);
  });

  it('never the first half of a number with a comma', () => {
    assert.equal(reads({ frequency: '16,7' }, /read as 16\.7/).nominalFrequencyHz, 16.7);
    const { analog } = reads({ rates: ['4800,5,4'] }, /read as 4800\.5/);
    assert.deepEqual(analog[0]?.time, { kind: 'rates', startS: 0, sections: [{ count: 4, rateHz: 4800.5 }] });
    refused(
      () => readComtrade(parts({ channels: ['1,VA,A,line,kV,0,001,0,5,0,-32767,32767,14400,120,P', IA] })),
      /expected 13 fields of an analog channel, found 15/,
    );
    refused(
      () => readComtrade(parts({ channels: ['1,VA,A,line,kV,1,0,5,0,-32767,32767,14400,120,P', IA] })),
      /expected 13 fields/,
    );
    refused(
      () => readComtrade(parts({ data: ASCII.replace('100,7', '100,5,7') })),
      /line 1: a row of 6 fields, the CFG says 5/,
    );
  });

  it('commas within names', () => {
    const content = readComtrade(
      parts({ channels: ['1,VA, busbar 1,A,line,kV,0.001,0.5,0,-32767,32767,14400,120,P', IA] }),
    );
    warns(content, /14 fields where 13 belong: the name has a comma/);
    assert.equal(one(content).analog[0]?.name, 'VA,busbar 1');
    const station = parts();
    station.cfg.bytes = Buffer.from(
      Buffer.from(station.cfg.bytes).toString().replace('station', 'here, there'),
    );
    const second = readComtrade(station);
    warns(second, /comma within the station's name/);
    assert.deepEqual([one(second).station, one(second).device], ['here,there', 'device']);
  });

  it('dates of both orders', () => {
    const start = (made: Made) => one(readComtrade(parts(made))).start?.unixNs;
    const day = BigInt(Date.UTC(2026, 10, 28)) * 1_000_000n;
    assert.equal(start({ start: '28/11/2026,00:00:00.000000' }), day);
    assert.equal(start({ year: '', tail: [], start: '11/28/26,00:00:00.000000' }), day);
    assert.equal(start({ year: '', tail: [], start: '28/11/2026,00:00:00' }), day);
    assert.equal(start({ start: '2026-11-28,00:00:00.000' }), day);
    assert.equal(start({ start: '28/11/2026,00:00:00.000001500' }), day + 1500n);
  });
});
