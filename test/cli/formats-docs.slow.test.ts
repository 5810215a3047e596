/** The commands of docs/formats.md, as they stand there. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { writeComtrade } from '../../formats/comtrade/index.js';
import { momentFromMs } from '../../formats/index.js';
import { makai } from './run-process.js';

describe('docs/formats.md', function () {
  this.timeout(400_000);

  it('its commands do what it says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'makai-formats-'));
    const samples = Int16Array.from({ length: 6000 }, (_, i) => Math.round(20_000 * Math.sin(i / 31.83)));
    const time = { kind: 'rates' as const, startS: 0, sections: [{ count: 6000, rateHz: 12_000 }] };
    const channel = {
      name: 'VA',
      phase: 'A',
      component: '',
      unit: 'V',
      samples,
      scale: 0.0085,
      offset: 0,
      time,
      skewS: 0,
    };
    const recording = {
      ...{ name: '', station: 'Mill Lane', device: '', start: momentFromMs(Date.UTC(2017, 5, 1)) },
      ...{ nominalFrequencyHz: 60, analog: [channel], digital: [], series: [], metadata: {} },
    };
    for (const { extension, bytes } of writeComtrade(recording))
      writeFileSync(join(folder, `feeder${extension}`), bytes);
    const rows = Array.from(samples, (count, i) => `${i / 12_000},${count / 100}`);
    writeFileSync(join(folder, 'scope.csv'), `time (s),V (V)\n${rows.join('\n')}\n`);
    writeFileSync(join(folder, 'event_9354_1'), Buffer.from(samples.buffer));
    const text = readFileSync(join(PACKAGE_ROOT, 'docs/formats.md'), 'utf8');
    const commands = [...text.matchAll(/^makai (.+)$/gm)].map(([, command = '']) => command);
    assert.equal(commands.length, 9);
    const before = process.cwd();
    try {
      process.chdir(folder);
      for (const command of commands) {
        const { code, stdout, stderr } = await makai(command.split(' '));
        assert.equal(code, 0, `${command}: ${stderr}`);
        assert.ok(stdout.length > 0, command);
      }
      assert.deepEqual(readdirSync('originals').sort(), ['feeder.cfg', 'feeder.dat']);
      assert.deepEqual(
        readdirSync('out')
          .filter((name) => /\.(cfg|pqd|parquet)$/.test(name))
          .sort(),
        ['event_1.cfg', 'event_1.pqd', 'event_2.cfg', 'event_3.cfg', 'events.parquet', 'waveforms.parquet'],
      );
    } finally {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    }
  });
});
