/** CSV as instruments write it, and as `makai events export --csv` does: golden files and what is in them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { readCsv } from '../../../formats/csv/index.js';
import { momentText, secondsOf, voltageOf } from '../../../formats/index.js';
import { near } from '../support.js';

interface Case {
  file: string;
  /** name or number, where the file has several */
  recording?: string;
  start?: string;
  /** times of the samples */
  seconds: number[];
  /** volts of each channel */
  channels: Record<string, number[]>;
}

const FOLDER = join(PACKAGE_ROOT, 'test/formats/golden/csv');
const CASES: Case[] = JSON.parse(readFileSync(join(FOLDER, 'cases.json'), 'utf8'));

describe('CSV, golden files', () => {
  for (const { file, recording, start, seconds, channels } of CASES) {
    it(`${file}${recording === undefined ? '' : `, ${recording}`}`, () => {
      const content = readCsv(readFileSync(join(FOLDER, file)), file);
      assert.deepEqual(content.warnings, []);
      for (const [channel, volts] of Object.entries(channels)) {
        const voltage = voltageOf(content, file, { channel, ...(recording !== undefined && { recording }) });
        near(voltage.values, volts);
        near(secondsOf(voltage.time), seconds, 1e-7);
        assert.equal(voltage.start && momentText(voltage.start), start);
      }
      const [first = ''] = Object.keys(channels);
      assert.equal(voltageOf(content, file).channel.name, first, 'the channel that is taken without a name');
    });
  }
});
