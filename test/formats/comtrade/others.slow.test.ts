/** COMTRADE against readers of others: PyPI's comtrade and the crate comtrade read what we write, and read theirs as we do. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { type ComtradeWriteOptions, writeComtrade } from '../../../formats/comtrade/index.js';
import { momentText, type Recording, readRecording, secondsOf, valuesOf } from '../../../formats/index.js';
import { cargoProgram } from '../../support/cargo.js';
import { runs } from '../../support/property.js';
import { pythonWith } from '../../support/python.js';
import { rateBases, recordings, stampBases } from '../arbitraries.js';
import { shared } from '../support.js';

const run = promisify(execFile);

interface Found {
  path: string;
  error?: string;
  station: string;
  device: string;
  frequency: number;
  start: string;
  analog_ids: string[];
  units: string[];
  skews: number[];
  status_ids: string[];
  time?: number[];
  rates?: [number, number][];
  analog: (number | null)[][];
  status: number[][];
}

const VARIANTS: [string, ComtradeWriteOptions][] = [
  ['1999 ASCII', { revision: 1999, format: 'ASCII' }],
  ['1999 BINARY', { revision: 1999, format: 'BINARY' }],
  ['2013 ASCII', { format: 'ASCII' }],
  ['2013 BINARY', { format: 'BINARY' }],
  ['2013 BINARY32', { format: 'BINARY32' }],
  ['2013 FLOAT32', { format: 'FLOAT32' }],
  ['2013 CFF ASCII', { format: 'ASCII', single: true }],
  ['2013 CFF BINARY', { format: 'BINARY', single: true }],
  ['2013 CFF BINARY32', { format: 'BINARY32', single: true }],
  ['2013 CFF FLOAT32', { format: 'FLOAT32', single: true }],
];
const RECORDINGS = 12;

describe('COMTRADE, by other readers', function () {
  this.timeout(900_000);
  let folder: string;
  let python: string | undefined;
  let rust: string | undefined;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'comtrade-others-'));
    python = await pythonWith('comtrade==0.2.0');
    rust = await cargoProgram(join(PACKAGE_ROOT, 'test/formats/comtrade/comtrade-rs'));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Recordings with a start and a frequency, which those readers need. */
  function samples(missing: boolean): Recording[] {
    const any = fc.oneof(recordings(rateBases), recordings(stampBases));
    return fc.sample(any, { numRuns: runs(RECORDINGS), seed: 19 }).map((one) => ({
      ...one,
      start: one.start ?? { unixNs: 1_700_000_000_123_456_000n, zone: 'known' as const },
      nominalFrequencyHz: one.nominalFrequencyHz ?? 50,
      analog: missing
        ? one.analog
        : one.analog.map((channel) => ({
            ...channel,
            samples: channel.samples.map((x) => (Number.isNaN(x) || x === channel.missing ? 0 : x)),
          })),
    }));
  }

  function write(name: string, recording: Recording, options: ComtradeWriteOptions): string {
    const files = writeComtrade(recording, options);
    for (const { extension, bytes } of files) writeFileSync(join(folder, name + extension), bytes);
    return join(folder, name + (files[0]?.extension ?? ''));
  }

  async function ask(program: string, ...args: string[]): Promise<Found[]> {
    const { stdout } = await run(program, args, { maxBuffer: 1e9 });
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Found);
  }

  const withPython = (...paths: string[]) =>
    ask(python ?? '', join(PACKAGE_ROOT, 'test/formats/comtrade/comtrade_reader.py'), ...paths);

  function compare(found: Found, path: string): void {
    assert.equal(found.error, undefined, `${path}: ${found.error}`);
    const {
      recordings: [ours],
    } = readRecording(path);
    assert.ok(ours);
    assert.deepEqual([found.station.trim(), found.device.trim()], [ours.station, ours.device]);
    assert.equal(found.frequency, ours.nominalFrequencyHz ?? 0);
    // theirs is the local time of the file
    const offset =
      BigInt(ours.start?.zone === 'known' ? (ours.start.utcOffsetMin ?? 0) : 0) * 60_000_000_000n;
    if (ours.start !== undefined)
      assert.equal(
        found.start,
        momentText({ ...ours.start, unixNs: ours.start.unixNs + offset }).slice(0, -1),
      );
    assert.deepEqual(
      found.analog_ids.map((name) => name.trim()),
      ours.analog.map(({ name }) => name),
    );
    assert.deepEqual(
      found.units.map((unit) => unit.trim()),
      ours.analog.map(({ unit }) => unit),
    );
    assert.deepEqual(
      found.status_ids.map((name) => name.trim()),
      ours.digital.map(({ name }) => name),
    );
    for (const [i, channel] of ours.analog.entries()) {
      assert.ok(Math.abs((found.skews[i] ?? 0) - channel.skewS * 1e6) < 1e-3);
      if (found.analog[i]?.length === 0) continue;
      const values = valuesOf(channel);
      assert.equal(found.analog[i]?.length, values.length);
      for (const [k, value] of values.entries()) {
        const other = found.analog[i]?.[k];
        const same = Number.isNaN(value)
          ? other === null
          : Math.abs((other ?? Number.NaN) - value) <= 1e-6 * Math.max(Math.abs(value), 1e-6);
        assert.ok(same, `${path}, ${channel.name} ${k}: ${other} and ${value}`);
      }
    }
    for (const [i, { states }] of ours.digital.entries()) {
      if (found.status[i]?.length !== 0) assert.deepEqual(found.status[i], [...states]);
    }
    const [first] = ours.analog;
    if (found.time !== undefined && first !== undefined) {
      const seconds = secondsOf(first.time);
      const from = first.time.kind === 'timestamps' ? (found.time[0] ?? 0) : 0;
      for (const [k, second] of seconds.entries()) {
        assert.ok(
          Math.abs((found.time[k] ?? Number.NaN) - from - second) < 2e-6,
          `${path}, time ${k}: ${found.time[k]} and ${second}`,
        );
      }
    }
  }

  for (const [what, options] of VARIANTS) {
    it(`PyPI's comtrade reads our ${what}`, async function () {
      if (python === undefined) return this.skip();
      // it takes no empty field of 2013's ASCII, which is how that revision marks a missing sample
      const missing = what !== '2013 ASCII' && what !== '2013 CFF ASCII';
      const paths = samples(missing).map((one, i) =>
        write(`${what.replaceAll(' ', '-')}-${i}`, one, options),
      );
      for (const [i, found] of (await withPython(...paths)).entries()) compare(found, paths[i] ?? '');
    });
  }

  for (const [what, options] of VARIANTS.filter(([, { single }]) => single !== true)) {
    it(`the crate comtrade reads our ${what}${options.format === 'ASCII' ? '' : ', of which it has the CFG'}`, async function () {
      if (rust === undefined) return this.skip();
      // it has no missing samples, no CR before LF in a CFG, and takes the 0x1A that ends the ASCII data of 1999 for a row
      const paths = samples(false).map((one, i) => {
        const path = write(`rust-${what.replaceAll(' ', '-')}-${i}`, one, options);
        const dat = path.replace(/cfg$/, 'dat');
        writeFileSync(path, readFileSync(path, 'utf8').replaceAll('\r\n', '\n'));
        if (what === '1999 ASCII') writeFileSync(dat, readFileSync(dat).subarray(0, -1));
        return path;
      });
      for (const [i, found] of (await ask(rust, ...paths)).entries()) compare(found, paths[i] ?? '');
    });
  }

  for (const name of [
    'comtrade/keating_1999.CFG',
    'comtrade-variants/ascii_cff_2013.cff',
    'comtrade-variants/sample_ascii.cff',
    'comtrade-variants/sample_ascii.cfg',
    'comtrade-variants/sample_bin.cfg',
    'comtrade-variants/sample_float32.cff',
    'comtrade-variants/sample_iso8859-1_bin.cfg',
    'comtrade-variants/sample_iso8859-1.cfg',
    'reports/00-baseline.cfg',
  ]) {
    it(`we read ${name} as PyPI's comtrade does`, async function () {
      const file = shared(this, name);
      if (python === undefined) return this.skip();
      const [found] = await withPython(file);
      assert.ok(found);
      if (found.error !== undefined) {
        process.stderr.write(`    PyPI's comtrade does not read ${name}: ${found.error}\n`);
        return this.skip();
      }
      compareTheirs(found, file);
    });
  }

  /** Samples and states; names in code pages, and times of files that contradict themselves, are read differently on purpose. */
  function compareTheirs(found: Found, file: string): void {
    const {
      recordings: [ours],
    } = readRecording(file);
    assert.ok(ours);
    assert.equal(found.frequency, ours.nominalFrequencyHz ?? 0);
    assert.equal(found.analog.length, ours.analog.length);
    for (const [i, channel] of ours.analog.entries()) {
      const values = valuesOf(channel);
      for (const [k, value] of values.entries()) {
        const other = found.analog[i]?.[k];
        const same = Number.isNaN(value)
          ? other === null
          : Math.abs((other ?? Number.NaN) - value) <= 1e-6 * Math.max(Math.abs(value), 1e-3);
        assert.ok(same, `${channel.name} ${k}: ${other} and ${value}`);
      }
    }
    for (const [i, { states }] of ours.digital.entries())
      assert.deepEqual(found.status[i]?.slice(0, states.length), [...states]);
  }
});
