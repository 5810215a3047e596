/** The second reader in Python: it and ours see the same in the standard's sample, and it sees what we write. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { type Moment, momentFromMs } from '../../../formats/moment.js';
import { readPqdif, writePqdif } from '../../../formats/pqdif/index.js';
import type { Recording } from '../../../formats/recording.js';
import { secondsOf, valuesOf } from '../../../formats/samples.js';
import { onPath } from '../../support/mongod-binary.js';
import { runs } from '../../support/property.js';
import { SHARED_DATA } from '../../support/shared-data.js';
import { recordings } from './arbitrary.js';

const SAMPLE = join(SHARED_DATA, 'pqdif/example.pqd');

interface Series {
  valueType: string;
  values: number[];
}
interface Seen {
  container: { versionInfo: number[]; fileName: string };
  sources: { name: string; location: string }[];
  observations: {
    name: string;
    start: string | null;
    channels: { name: string; phase: number; quantity: string; series: Series[] }[];
  }[];
}

describe('PQDIF, as a second reader reads it', function () {
  this.timeout(400_000);
  let python: string | undefined;
  let folder: string;

  before(async function () {
    python = onPath('python3');
    if (python === undefined) {
      process.stderr.write('skipped: there is no python3\n');
      return this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), 'makai-pqdif-'));
  });
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  async function seenIn(file: string): Promise<Seen> {
    const script = join(PACKAGE_ROOT, 'test/formats/pqdif/pqdif_reader.py');
    const options = { timeout: 120_000, maxBuffer: 2 ** 28 };
    const { stdout } = await promisify(execFile)(python ?? 'python3', [script, file], options);
    return JSON.parse(stdout) as Seen;
  }

  async function seenBy(bytes: Uint8Array): Promise<Seen> {
    const file = join(folder, 'x.pqd');
    await writeFile(file, bytes);
    return seenIn(file);
  }

  it('the sample: the same observations, channels, times and values', async function () {
    if (!existsSync(SAMPLE)) {
      process.stderr.write('skipped: ../shared/data/pqdif/example.pqd is not there\n');
      return this.skip();
    }
    const seen = await seenIn(SAMPLE);
    const { recordings: ours } = readPqdif(readFileSync(SAMPLE), 'example.pqd');
    compare(seen, ours);
    const captures = seen.observations.filter(({ channels }) =>
      channels.some(({ quantity }) => quantity === 'waveform'),
    );
    assert.equal(captures.length, 20);
  });

  it('what we write: every value', async () => {
    for (const given of fc.sample(fc.array(recordings, { minLength: 1, maxLength: 3 }), {
      numRuns: runs(25),
      seed: 1999,
    })) {
      const bytes = writePqdif(given, { created: momentFromMs(1_700_000_000_000), fileName: 'x.pqd' });
      const seen = await seenBy(bytes);
      assert.deepEqual(seen.container.versionInfo, [1, 5, 1, 5]);
      compare(seen, given);
    }
  });

  function compare(seen: Seen, ours: readonly Recording[]): void {
    assert.equal(seen.observations.length, ours.length);
    for (const [i, observation] of seen.observations.entries()) {
      const recording = ours[i];
      assert.ok(recording !== undefined);
      assert.equal(observation.name, recording.name);
      if (recording.start !== undefined) assert.ok(sameSecond(observation.start, recording.start));
      const { waves, series } = flat(observation.channels);
      assert.equal(waves.length, recording.analog.length + recording.digital.length);
      for (const [n, channel] of recording.analog.entries()) {
        assert.equal(waves[n]?.name, channel.name);
        near(waves[n]?.times, secondsOf(channel.time));
        near(waves[n]?.values, valuesOf(channel));
      }
      for (const [n, channel] of recording.digital.entries())
        near(waves[recording.analog.length + n]?.values, channel.states);
      assert.equal(series.length, recording.series.length);
      for (const [n, one] of recording.series.entries()) {
        near(series[n]?.times, one.seconds);
        near(series[n]?.values, one.values);
      }
    }
  }
});

interface Flat {
  name: string;
  times: number[];
  values: number[];
}

function flat(channels: Seen['observations'][number]['channels']): { waves: Flat[]; series: Flat[] } {
  const all = channels.flatMap(({ name, quantity, series }) => {
    const times = series.find(({ valueType }) => valueType === 'time')?.values ?? [];
    return series
      .filter(({ valueType }) => valueType !== 'time')
      .map(({ values }) => ({ quantity, name, times, values }));
  });
  return {
    waves: all.filter(({ quantity }) => quantity === 'waveform'),
    series: all.filter(({ quantity }) => quantity !== 'waveform'),
  };
}

/** Python's time has microseconds, and rounds otherwise at their halves. */
function sameSecond(text: string | null, { unixNs }: Moment): boolean {
  const python = text === null ? Number.NaN : Date.parse(`${text.slice(0, 23)}Z`);
  return Math.abs(python - Number(unixNs / 1_000_000n)) <= 1;
}

/** Equal to seven places: a step of four bytes, which the second reader takes as it is, is here the rate that it means. */
function near(seen: readonly number[] | undefined, ours: ArrayLike<number>): void {
  assert.equal(seen?.length, ours.length);
  let largest = 1;
  for (let i = 0; i < ours.length; i += 1) largest = Math.max(largest, Math.abs(ours[i] ?? 0));
  for (const [i, value] of (seen ?? []).entries()) {
    const own = ours[i] ?? Number.NaN;
    assert.ok(
      Object.is(value, own) || Math.abs(value - own) <= 1e-7 * largest,
      `value ${i}: ${value}, ${own}`,
    );
  }
}
