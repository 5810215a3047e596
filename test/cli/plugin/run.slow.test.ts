/** `makai plugin run`: every kind of recording. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { MeasuredFrame } from '../../../box/index.js';
import { frameOf, merge } from '../../../cli/plugin/frames.js';
import { DEFAULT_RECORDING, openPluginRecording } from '../../../cli/plugin/recording.js';
import { type Step, stepsOf } from '../../../cli/plugin/steps.js';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import type { EventRequest } from '../../../plugins/sdk/plugin.js';
import { makai } from '../run-process.js';

const SHARED = join(PACKAGE_ROOT, '../shared/data');
const START = Date.UTC(2026, 0, 1);

describe('cli: makai plugin run', function () {
  this.timeout(400_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-run-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function shared(test: Mocha.Context, file: string): string {
    const path = join(SHARED, file);
    if (existsSync(path)) return path;
    process.stderr.write(`skipped, not there: ${path}\n`);
    return test.skip();
  }

  async function asked(plugin: string, ...args: string[]): Promise<EventRequest[]> {
    const { code, stdout, stderr } = await makai(['plugin', 'run', plugin, '--json', '--replay', ...args]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /\n\d+ requests?\n/);
    return stdout
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  it('the stream of two boxes: threshold finds the dip to 59.852 Hz', async function () {
    const file = shared(this, 'opq-box/frequency.dat');
    const requests = await asked(
      'threshold',
      file,
      '--settings',
      '{"frequency_threshold_percent_low":0.002}',
    );
    assert.ok(requests.length > 0 && requests.every(({ triggerType }) => triggerType === 'FREQUENCY_SAG'));
    assert.match(requests[0]?.description ?? '', /59\.852 Hz on box 1/);
  });

  it('voltages of fifteen boxes', async function () {
    const requests = await asked(
      'threshold',
      shared(this, 'opq-box/fifteen_boxes_1cycle_vrms.csv'),
      '--settings',
      '{"voltage_threshold_percent_high":0.0416}',
    );
    assert.deepEqual([...new Set(requests.flatMap((r) => r.boxIds))].sort(), [1002, 1006, 1007]);
  });

  for (const [dialect, volts] of [
    ['2', 102],
    ['3', 102],
  ] as const) {
    it(`raw counts, as a Box ${dialect} measures them`, async function () {
      const file = shared(this, 'opq-box/event_9354_1');
      const raw = ['--calibration', '147.06', '--pad', '600', '--dialect', dialect, '--first-id', '1'];
      const requests = await asked('threshold', file, ...raw);
      assert.equal(requests.length, 1);
      const [
        { boxIds, triggerType, percentMagnitude } = { boxIds: [], triggerType: '', percentMagnitude: 0 },
      ] = requests;
      assert.deepEqual([boxIds, triggerType], [[1], 'VOLTAGE_SAG']);
      // a Box 2 sends the mean of ten cycles, which is higher than the worst of them
      if (dialect === '3') assert.ok(Math.abs(120 * (1 - percentMagnitude / 100) - volts) < 0.5);
      else assert.ok(percentMagnitude > 5 && percentMagnitude < 16);
    });
  }

  it('COMTRADE', async function () {
    const file = shared(this, 'comtrade/dips_and_swells.cfg');
    const requests = await asked(
      'threshold',
      file,
      '--nominal',
      '120',
      '--channel',
      'UB',
      '--dialect',
      '3',
      '--pad',
      '60',
    );
    assert.ok(requests.some((r) => r.triggerType === 'VOLTAGE_SAG' && r.percentMagnitude > 30));
  });

  it('a scenario, for as many boxes as asked', async () => {
    const file = join(folder, 'dip.json');
    writeFileSync(
      file,
      JSON.stringify({
        name: 'dip',
        duration_s: 20,
        events: [{ type: 'sag', at_s: 10, duration_s: 0.5, to_pu: 0.7 }],
      }),
    );
    const requests = await asked(
      'threshold',
      file,
      '--boxes',
      '4',
      '--first-id',
      '71',
      '--start',
      '2020-05-05T00:00:00Z',
    );
    assert.deepEqual(requests.flatMap((r) => r.boxIds).sort(), [71, 72, 73, 74]);
    const at = Date.UTC(2020, 4, 5) + 10_250;
    assert.ok(requests.every((r) => r.startMs < at && r.endMs > at));
  });

  it('prints a table for people, log and figures aside', async () => {
    const { code, stdout, stderr } = await makai(['plugin', 'run', 'threshold', '--replay', 'checkup']);
    assert.equal(code, 0);
    assert.match(stdout, /^FROM +SECONDS +BOXES +TYPE +PERCENT +DESCRIPTION\n2026-01-01T00:00:29/);
    assert.match(stderr, /^info: limits: /);
    assert.match(stderr, /\n\d+ requests\n/);
  });

  it('--plot writes a page of what the plugin saw and returned', async () => {
    const page = join(folder, 'out.html');
    const { code, stdout } = await makai([
      ...['plugin', 'run', 'threshold', '--replay', 'checkup', '--plot', page, '--json'],
    ]);
    assert.equal(code, 0);
    const html = readFileSync(page, 'utf8');
    assert.ok(html.includes(`${stdout.trim().split('\n').length} requests`));
    assert.match(html, /<h2>Box \d+<\/h2>(.|\n)*<svg (.|\n)*<rect /);
    assert.doesNotMatch(html, /<script|NaN|Infinity/);
  });

  it('ends with 1 and says when the plugin broke', async () => {
    const file = join(folder, 'breaks.mjs');
    writeFileSync(
      file,
      `export default { name: 'x', onTick(t) { if (t > ${START} + 9000) throw new Error('ouch'); } };`,
    );
    const { code, stdout, stderr } = await makai(['plugin', 'run', file, '--replay', 'checkup']);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(
      stderr,
      /error: the plugin stopped at 2026-01-01T00:00:10\.000Z of the recording: onTick: ouch \(breaks\.mjs:1:/,
    );
  });

  /** 120 V with a sag to 90 V from 2 to 3 s, as `makai events export --csv` writes it. */
  function exported(startMs: number): string {
    const rows = Array.from({ length: 60_000 }, (_, i) => {
      const seconds = i / 12_000;
      const volts =
        (seconds >= 2 && seconds < 3 ? 90 : 120) * Math.SQRT2 * Math.sin(2 * Math.PI * 60 * seconds);
      return `7,1001,${(startMs + seconds * 1000).toFixed(3)},${Math.round(volts * 147.06)},${volts.toFixed(6)}`;
    });
    return `event_id,box_id,timestamp_ms,counts,volts\n${rows.join('\n')}\n`;
  }

  it("the CLI's own export as CSV, and packed: at its own time", async () => {
    const startMs = Date.UTC(2024, 5, 1, 12);
    const plain = join(folder, 'event.csv');
    const packed = join(folder, 'event.csv.gz');
    writeFileSync(plain, exported(startMs));
    writeFileSync(packed, gzipSync(exported(startMs)));
    for (const file of [plain, packed]) {
      const requests = await asked('threshold', file, '--pad', '300');
      assert.equal(requests.length, 1);
      const [request] = requests;
      assert.ok(request);
      assert.equal(request.triggerType, 'VOLTAGE_SAG');
      assert.ok(
        request.startMs < startMs + 2500 && request.endMs > startMs + 2500,
        new Date(request.startMs).toISOString(),
      );
    }
    const { stderr } = await makai(['plugin', 'run', 'threshold', '--replay', plain]);
    assert.match(stderr, /recording: .*event\.csv, recorded 2024-06-01T12:00:00\.000Z/);
  });

  it("the CLI's own export of measurements, CSV, NDJSON and packed", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({
      box_id: '1002',
      timestamp_ms: START + 1000 * i,
      expire_at: 253402300799,
      voltage: i === 30 ? 101 : 120,
      ...(i === 30 ? { extremes: { voltage: { min: 90, max: 119 } } } : {}),
    }));
    const csv = rows.map((row) => `${row.box_id},${row.timestamp_ms},${row.voltage},,,`).join('\n');
    const header = 'box_id,timestamp_ms,voltage,frequency,thd,transient';
    for (const [name, content, percent] of [
      ['m.csv', `${header}\n${csv}\n`, (100 * 19) / 120],
      ['m.csv.gz', gzipSync(`${header}\n${csv}\n`), (100 * 19) / 120],
      ['m.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''), 25],
    ] as const) {
      const file = join(folder, name);
      writeFileSync(file, content);
      const [request, ...others] = await asked('threshold', file);
      assert.deepEqual([request?.boxIds, others.length], [[1002], 0]);
      assert.ok(Math.abs((request?.percentMagnitude ?? 0) - percent) < 0.01);
    }
    const damaged = join(folder, 'damaged.csv');
    writeFileSync(damaged, `${header}\n1002,soon,120,,,\n`);
    const { code, stderr } = await makai(['plugin', 'run', 'threshold', '--replay', damaged]);
    assert.equal(code, 1);
    assert.match(stderr, /damaged\.csv, line 2: expected a stored measurement/);
  });

  it('asks before it plays more than a day of samples', async () => {
    const file = join(folder, 'week.csv');
    writeFileSync(file, exported(START));
    const { code, stderr } = await makai([
      'plugin',
      'run',
      'threshold',
      '--replay',
      file,
      '--pad',
      '18144000',
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /RECORDING_TOO_LONG\]: .*week\.csv: 7\.0 days of samples(.|\n)*--long/);
  });

  it('shows all that a plugin prints on stderr, and where it threw', async () => {
    const file = join(folder, 'prints.mjs');
    writeFileSync(
      file,
      "export default { name: 'x', n: 0, processBatch(c) {\n for (let i = 0; i < c.count; i++) console.log('row', this.n++);\n if (this.n > 2000) return this.a.b; } };",
    );
    const { code, stderr } = await makai(['plugin', 'run', file, '--replay', 'checkup']);
    assert.equal(code, 1);
    for (let i = 0; i < 2000; i++) assert.ok(stderr.includes(`info: row ${i}\n`), `line ${i}`);
    assert.match(stderr, /processBatch: Cannot read .*\(prints\.mjs:3:\d+\)\n {2}at .*prints\.mjs:3:\d+/);
  });

  it('what is odd in a recording is printed; one shorter than a measurement is refused', async () => {
    const file = join(folder, 'short.csv');
    writeFileSync(
      file,
      `t,ch1\n${Array.from({ length: 500 }, (_, i) => `${i / 12_000},${Math.sin(i / 31.83)}`).join('\n')}\n`,
    );
    const short = await makai(['plugin', 'run', 'threshold', '--replay', file]);
    assert.equal(short.code, 1);
    assert.match(
      short.stderr,
      /shorter than one measurement: 2 cycles, a Box 2 measures 10 at a time(.|\n)*--pad 10/,
    );
    const padded = await makai(['plugin', 'run', 'threshold', '--replay', file, '--pad', '60']);
    assert.equal(padded.code, 0, padded.stderr);
    assert.match(padded.stderr, /warn: .*short\.csv: the column of times t has no unit: taken as seconds/);
  });

  it('refuses recordings that are none, raw counts without volts, settings that are no object', async () => {
    const raw = join(folder, 'raw');
    writeFileSync(raw, new Uint8Array(4000));
    for (const [args, code, expected] of [
      [
        ['--replay', join(folder, 'nowhere')],
        1,
        /RECORDING_INVALID.*cannot be read(.|\n)*demo, quiet, checkup/,
      ],
      [['--replay', raw], 1, /say nothing of volts(.|\n)*--calibration/],
      [['--replay', 'demo', '--settings', '[1]'], 2, /expected a JSON object/],
      [['--replay', 'demo', '--settings', '{'], 2, /expected JSON/],
      [['--replay', 'demo', '--start', 'soon'], 2, /expected a time/],
      [[], 2, /--replay/],
    ] as const) {
      const ended = await makai(['plugin', 'run', 'threshold', ...args]);
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, expected);
    }
  });
});

describe('cli/plugin: recordings as calls', () => {
  const rows = (times: readonly number[]) =>
    times.map((timeMs) => frameOf({ boxId: 1, timeMs, rms: { min: 1, average: 2, max: 3 } }, 3));
  /** Kind and time, and the number of measurements. */
  const calls = (steps: Iterable<Step>) =>
    Array.from(steps, (step) =>
      step.kind === 'tick' ? `tick ${step.nowMs - START}` : `${step.columns.count} at ${step.nowMs - START}`,
    );

  it('batches what comes together, ticks each second, and goes on ticking after the end', () => {
    const all = calls(stepsOf(rows([0, 50, 99, 100, 950, 1000, 3200].map((ms) => START + ms))));
    assert.deepEqual(all.slice(0, 9), [
      '3 at 99',
      '1 at 100',
      '1 at 950',
      'tick 1000',
      '1 at 1000',
      'tick 2000',
      'tick 3000',
      '1 at 3200',
      'tick 4000',
    ]);
    assert.equal(all.at(-1), 'tick 68000');
  });

  it('holds at most 1024 in a batch, and cuts a gap of years short', () => {
    const many = calls(stepsOf(rows([...new Array(2500).fill(START), START + 1e11])));
    assert.deepEqual(many.slice(0, 3), ['1024 at 0', '1024 at 0', '452 at 0']);
    assert.ok(many.length < 200);
  });

  it('never calls with a time before that of the call before, and loses no measurement', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 200 }), (times) => {
        let last = 0;
        let count = 0;
        for (const step of stepsOf(rows(times.sort((a, b) => a - b).map((t) => START + t)))) {
          assert.ok(step.nowMs >= last);
          last = step.nowMs;
          if (step.kind === 'batch') count += step.columns.count;
        }
        assert.equal(count, times.length);
      }),
    );
  });

  it('merges streams in order of time', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(1000), { maxLength: 30 }), { maxLength: 5 }), (streams) => {
        const sorted = streams.map((times) => rows([...times].sort((a, b) => a - b)));
        const merged = [...merge(sorted)].map(({ timeMs }) => timeMs);
        assert.deepEqual(
          merged,
          streams.flat().sort((a, b) => a - b),
        );
      }),
    );
  });

  it('measures a waveform as the boxes of both generations do', () => {
    const file = join(PACKAGE_ROOT, 'box/scenarios/quiet.json');
    const frames = openPluginRecording(file, DEFAULT_RECORDING).frames[Symbol.iterator]();
    const counts = new Map<number, number>();
    const some: MeasuredFrame[] = [];
    while (some.length < 70) some.push(frames.next().value);
    for (const step of stepsOf(some)) {
      if (step.kind === 'tick') continue;
      for (let i = 0; i < step.columns.count; i++) {
        const id: number = step.columns.boxId[i] ?? 0;
        counts.set(id, (counts.get(id) ?? 0) + 1);
        assert.equal(step.columns.dialect[i], id === 1001 ? 2 : 3);
        assert.ok(Math.abs((step.columns.rms.average[i] ?? 0) - 120) < 1);
      }
    }
    assert.deepEqual([counts.get(1001), counts.get(1002)], [60, 10]);
  });
});
