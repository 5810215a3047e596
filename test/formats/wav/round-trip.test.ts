import assert from 'node:assert/strict';
import fc from 'fast-check';
import { valuesOf } from '../../../formats/index.js';
import { readWav, type WavEncoding, type WavWriteOptions, writeWav } from '../../../formats/wav/index.js';
import { runs } from '../../support/property.js';
import { rateBases, recordings } from '../arbitraries.js';
import { one, refused } from '../support.js';

const STEPS: Record<WavEncoding, number> = {
  pcm16: 2 ** -15,
  pcm24: 2 ** -23,
  pcm32: 2 ** -31,
  float32: 2 ** -24,
  float64: 2 ** -52,
};

describe('WAV, written and read', () => {
  const whole = (count: number) =>
    rateBases(count, 1).map((time) =>
      time.kind === 'rates'
        ? {
            ...time,
            sections: time.sections.map((section) => ({ ...section, rateHz: Math.round(section.rateHz) })),
          }
        : time,
    );

  for (const encoding of [undefined, 'pcm16', 'pcm24', 'pcm32', 'float32', 'float64'] as const) {
    for (const rf64 of [false, true]) {
      it(`${encoding ?? 'as it fits'}${rf64 ? ', RF64' : ''}: samples, rate, start, names, units`, () => {
        fc.assert(
          fc.property(recordings(whole), (recording) => {
            const analog = recording.analog.map((channel) => ({
              ...channel,
              name: channel.name.replace(/;/g, ' ').trim() || 'x',
              skewS: 0,
            }));
            const missing = analog.some((channel) => valuesOf(channel).some(Number.isNaN));
            const options: WavWriteOptions = { rf64, ...(encoding !== undefined && { encoding }) };
            const kept = { ...recording, analog, digital: [] };
            if (missing && encoding?.startsWith('pcm'))
              return refused(() => writeWav(kept, options), /missing samples/);
            const [file] = writeWav(kept, options);
            assert.ok(file);
            const content = readWav(file.bytes, 'a.wav');
            assert.deepEqual(content.warnings, []);
            const read = one(content);
            assert.equal(read.start?.unixNs, recording.start?.unixNs);
            assert.deepEqual(read.analog[0]?.time, analog[0]?.time);
            for (const [i, channel] of analog.entries()) {
              const found = read.analog[i];
              assert.ok(found);
              assert.deepEqual([found.name, found.unit], [channel.name, channel.unit]);
              const [was, is] = [valuesOf(channel), valuesOf(found)];
              const peak = was.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);
              // 16-bit counts stay what they are
              const step = encoding === undefined || encoding === 'float32' ? STEPS.float32 : STEPS[encoding];
              for (const [k, value] of was.entries()) {
                const other = is[k] ?? 0;
                const same = Number.isNaN(value)
                  ? Number.isNaN(other)
                  : Math.abs(other - value) <= peak * step * 1.01 + 1e-300;
                assert.ok(same, `${value} became ${other}`);
              }
            }
          }),
          { numRuns: runs(40) },
        );
      });
    }
  }

  it('takes the smallest numbers that a double has for 0', () => {
    const [recording] = fc.sample(
      recordings((count) => rateBases(count, 1)),
      1,
    );
    assert.ok(recording);
    const [channel] = recording.analog;
    assert.ok(channel);
    const { missing: _, ...bare } = channel;
    const tiny = {
      ...bare,
      ...{ samples: Float64Array.of(-1.5e-323), scale: -0.25, offset: 0, skewS: 0 },
      time: { kind: 'rates' as const, startS: 0, sections: [{ count: 1, rateHz: 100 }] },
    };
    for (const encoding of ['pcm16', 'pcm24', 'pcm32', 'float32', 'float64'] as const) {
      const [file] = writeWav({ ...recording, analog: [tiny], digital: [] }, { encoding });
      assert.ok(file);
      const [read] = one(readWav(file.bytes, 'a.wav')).analog;
      assert.ok(read);
      assert.ok(Math.abs(valuesOf(read)[0] ?? Number.NaN) < 1e-300, encoding);
    }
  });

  it('refuses rates that are no whole Hz, and several', () => {
    const [recording] = fc.sample(
      recordings((count) => rateBases(count, 1)),
      1,
    );
    assert.ok(recording);
    const [channel] = recording.analog;
    assert.ok(channel);
    const at = (...rates: number[]) => ({
      ...recording,
      digital: [],
      analog: [
        {
          ...channel,
          samples: Int16Array.of(1, 2),
          time: {
            kind: 'rates' as const,
            startS: 0,
            sections: rates.map((rateHz) => ({ rateHz, count: 2 / rates.length })),
          },
        },
      ],
    });
    refused(() => writeWav(at(30_707.244)), /sampling rate is 30707\.244 Hz/);
    refused(() => writeWav(at(1000, 2000)), /several sampling rates/);
  });
});
