/** Golden cases: how differences read, and what a case may be. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readCases, writeExpected } from '../../../cli/plugin/golden/cases.js';
import { differences } from '../../../cli/plugin/golden/difference.js';

describe('cli/plugin/golden: differences', () => {
  it('name the result and the member', () => {
    const expected = [{ a: 1, boxIds: [1, 2], text: 'x' }, { b: 2 }];
    assert.deepEqual(differences(expected, [{ a: 2, boxIds: [1], text: 'x', more: null }, { b: 2 }]), [
      'result 1, a: expected 1, found 2',
      'result 1, boxIds: expected [1,2], found [1]',
      'result 1, more: expected nothing, found null',
    ]);
  });

  it('a result that is missing or additional, wherever, is one difference', () => {
    const results = [1, 2, 3, 4].map((startMs) => ({ startMs }));
    for (let i = 0; i < results.length; i += 1) {
      const fewer = results.toSpliced(i, 1);
      assert.deepEqual(differences(results, fewer), [`result ${i + 1} is missing: {"startMs":${i + 1}}`]);
      assert.deepEqual(differences(fewer, results), [
        `result ${i + 1} is not expected: {"startMs":${i + 1}}`,
      ]);
    }
  });

  it('numbers may differ in their last digits alone', () => {
    assert.deepEqual(differences([{ v: 17.999998728434246 }], [{ v: 17.99999872843425 }]), []);
    assert.equal(differences([{ v: 17.9999987 }], [{ v: 17.9999988 }]).length, 1);
    assert.equal(differences([{ v: 0 }], [{ v: 1e-12 }]).length, 1);
    assert.equal(differences([{ v: '1' }], [{ v: 1 }]).length, 1);
  });

  it('whole numbers are compared exactly, and times with fractions to the microsecond', () => {
    const startMs = 1_780_000_000_000;
    assert.equal(differences([{ startMs }], [{ startMs: startMs + 1 }]).length, 1);
    assert.equal(differences([{ startMs }], [{ startMs: startMs + 1780 }]).length, 1);
    assert.equal(differences([{ startMs }], [{ startMs: startMs + 0.5 }]).length, 1);
    assert.equal(differences([{ startMs: startMs + 0.25 }], [{ startMs: startMs + 0.5 }]).length, 1);
    assert.deepEqual(differences([{ v: 120 }], [{ v: 120.00000000000001 }]), []);
  });

  it('are none between equal lists, and some between others', () => {
    const results = fc.array(fc.record({ a: fc.integer(), b: fc.array(fc.string({ maxLength: 2 })) }), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(results, results, (a, b) => {
        assert.deepEqual(differences(a, structuredClone(a)), []);
        assert.equal(differences(a, b).length === 0, JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('cli/plugin/golden: cases', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-golden-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function given(files: Record<string, string>, name = 'a'): string {
    mkdirSync(join(folder, name), { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text);
    return join(folder, name);
  }

  it('are read from their folder or the folder above, in order of name', () => {
    given({ 'recording.txt.gz': '' }, 'b');
    const a = given({
      'recording.cfg': '',
      'recording.dat': '',
      'settings.json': '{"x":1}',
      'boxes.json': '[]',
      'expected.json': '[]',
      'README.md': 'why',
    });
    const [first, second, ...others] = readCases(folder);
    assert.deepEqual(first, {
      name: 'a',
      recording: join(a, 'recording.cfg'),
      settings: { x: 1 },
      boxesFile: join(a, 'boxes.json'),
      expectedFile: join(a, 'expected.json'),
      expected: [],
    });
    assert.deepEqual(
      [second?.name, second?.settings, second?.expected, others.length],
      ['b', {}, undefined, 0],
    );
    assert.deepEqual(readCases(a), [first]);
  });

  it('that are none are refused, with the file', () => {
    const refused = (at: string, message: RegExp) =>
      assert.throws(() => readCases(at), { code: 'PLUGIN_CASE_INVALID', message });
    refused(join(folder, 'nowhere'), /nowhere cannot be read/);
    refused(folder, /no case in it/);
    refused(given({ 'recording.txt': '', 'recording.csv': '' }), /more than one recording: .*csv, .*txt/);
    refused(
      given({ 'recording.txt': '', 'settings.json': '[1]' }, 'b'),
      /settings\.json: expected an object/,
    );
    refused(given({ 'recording.txt': '', 'settings.json': '{' }, 'c'), /settings\.json cannot be read/);
    refused(given({ 'recording.txt': '', 'expected.json': '{}' }, 'd'), /expected\.json: expected a list/);
    given({ 'notes.txt': '' }, 'a0');
    rmSync(join(folder, 'a'), { recursive: true });
    refused(folder, /a0: no file recording/);
  });

  it('are written with a result per line, and read again', () => {
    const [golden] = readCases(given({ 'recording.txt': '' }));
    assert.ok(golden);
    const value = { kind: 'value', series: 's', boxId: 1, timestampMs: 1, value: 0.1 } as const;
    writeExpected(golden, [value, { ...value, boxId: 2 }]);
    assert.equal(readFileSync(golden.expectedFile, 'utf8').split('\n').length, 5);
    assert.deepEqual(readCases(folder)[0]?.expected, [value, { ...value, boxId: 2 }]);
    writeExpected(golden, []);
    assert.deepEqual(readCases(folder)[0]?.expected, []);
  });
});
