import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeWaveform } from '../../acquisition-broker/waveforms/decode.js';
import { join, TOLERANCE_MS, trimToWindow } from '../../acquisition-broker/waveforms/trim.js';
import { box2 } from '../../proto/box2/dialect.js';
import { box3 } from '../../proto/box3/dialect.js';
import * as proto from '../../proto/index.js';
import { DecodeError, type Waveform } from '../../proto/index.js';
import { blocksOf, cyclesBetween } from './rig.js';

const LIMITS = { cycles: 20_000, samples: 4_000_000 };

/** Waveforms with any times and lengths; each sample holds its cycle. */
const waveforms = fc
  .array(fc.record({ time: fc.integer({ min: 0, max: 3000 }), length: fc.integer({ min: 0, max: 5 }) }), {
    maxLength: 60,
  })
  .map(
    (cycles): Waveform => ({
      timesMs: cycles.map(({ time }) => time),
      cycleLengths: cycles.map(({ length }) => length),
      samples: Int16Array.from(cycles.flatMap(({ length }, i) => Array<number>(length).fill(i))),
    }),
  );

describe('acquisition broker: the cycles of a window', () => {
  it('are those within 170 ms of it, each timestamp once, in their order', () => {
    fc.assert(
      fc.property(
        waveforms,
        fc.integer({ min: 500, max: 1500 }),
        fc.integer({ min: 1, max: 1000 }),
        (waveform, startMs, ms) => {
          const window = { startMs, endMs: startMs + ms };
          const { dropped, touches, waveform: cut } = trimToWindow(waveform, window);
          const kept: number[] = [];
          const seen = new Set<number>();
          for (const [i, time] of waveform.timesMs.entries()) {
            const near = time >= window.startMs - TOLERANCE_MS && time <= window.endMs + TOLERANCE_MS;
            if (!near || seen.has(time) || waveform.cycleLengths[i] === 0) continue;
            seen.add(time);
            kept.push(i);
          }
          assert.deepEqual(
            cut.timesMs,
            kept.map((i) => waveform.timesMs[i]),
          );
          assert.deepEqual(
            [...cut.samples],
            kept.flatMap((i) => Array<number>(waveform.cycleLengths[i] ?? 0).fill(i)),
          );
          assert.equal(dropped, waveform.timesMs.length - kept.length);
          assert.equal(
            touches,
            cut.timesMs.some((time) => time + 16 >= window.startMs && time <= window.endMs),
          );
        },
      ),
    );
  });

  it('are not copied when all belong', () => {
    const waveform = cyclesBetween(1000, 2000);
    assert.equal(trimToWindow(waveform, { startMs: 1000, endMs: 2000 }).waveform, waveform);
  });

  it('are the same joined from parts', () => {
    const waveform = cyclesBetween(1000, 2000);
    assert.deepEqual(join(blocksOf(waveform, 7)), waveform);
    assert.deepEqual(join([]), { timesMs: [], cycleLengths: [], samples: new Int16Array() });
  });
});

describe('acquisition broker: decoding a reply', () => {
  it('gives the cycles in both dialects, however many a frame holds', async () => {
    const waveform = cyclesBetween(1_795_315_000_000, 1_795_315_020_000);
    for (const size of [1, 10, 33]) {
      const frames = blocksOf(waveform, size).map((block) => proto.encodeCycles2(9, block));
      assert.deepEqual(await decodeWaveform({ dialect: box2, boxId: 9, frames }, LIMITS), waveform);
    }
    const frames = proto.encodeCycles3(waveform);
    assert.deepEqual(await decodeWaveform({ dialect: box3, boxId: 9, frames }, LIMITS), waveform);
  });

  it('lets other work in between', async () => {
    const frames = proto.encodeCycles3(cyclesBetween(0, 60_000));
    let turns = 0;
    let decoding = true;
    const count = (): void => {
      turns += 1;
      if (decoding) setImmediate(count);
    };
    setImmediate(count);
    await decodeWaveform({ dialect: box3, boxId: 9, frames }, LIMITS);
    decoding = false;
    assert.ok(turns >= 4, `${turns} turns`);
  });

  it('refuses what is another box, too much, or nonsense', async () => {
    const frames = [proto.encodeCycles2(9, cyclesBetween(0, 1000))];
    const decode = (reply: Parameters<typeof decodeWaveform>[0], limits = LIMITS) =>
      decodeWaveform(reply, limits);
    await assert.rejects(decode({ dialect: box2, boxId: 8, frames }), DecodeError);
    await assert.rejects(decode({ dialect: box2, boxId: 9, frames }, { ...LIMITS, cycles: 10 }), DecodeError);
    await assert.rejects(
      decode({ dialect: box2, boxId: 9, frames }, { ...LIMITS, samples: 10 }),
      DecodeError,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 5 }),
        fc.constantFrom(...proto.DIALECTS),
        async (random, dialect) => {
          try {
            await decode({ dialect, boxId: 9, frames: random });
          } catch (error) {
            assert.ok(error instanceof DecodeError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
