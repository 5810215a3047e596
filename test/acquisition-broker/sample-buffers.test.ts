import assert from 'node:assert/strict';
import { SampleBuffers } from '../../acquisition-broker/waveforms/sample-buffers.js';

describe('acquisition broker: memory of samples', () => {
  it('holds a copy, and uses the memory again only when it was released', () => {
    const buffers = new SampleBuffers();
    const samples = Int16Array.from({ length: 1000 }, (_, i) => i - 500);
    const one = buffers.hold(samples);
    const two = buffers.hold(samples);
    assert.deepEqual([one, two], [samples, samples]);
    assert.notEqual(one.buffer, two.buffer);
    buffers.release(one);
    const three = buffers.hold(samples.subarray(0, 10));
    assert.equal(three.buffer, one.buffer);
    assert.deepEqual(three, samples.subarray(0, 10));
    assert.deepEqual(two, samples);
    assert.equal(buffers.hold(new Int16Array(0)).length, 0);
  });

  it('keeps neither many buffers nor long ones', () => {
    const buffers = new SampleBuffers();
    const long = buffers.hold(new Int16Array(2 * 1024 * 1024));
    buffers.release(long);
    assert.notEqual(buffers.hold(new Int16Array(1)).buffer, long.buffer);
    const held = Array.from({ length: 40 }, () => buffers.hold(new Int16Array(1)));
    for (const one of held) buffers.release(one);
    const known = new Set(held.map(({ buffer }) => buffer));
    const again = Array.from({ length: 40 }, () => buffers.hold(new Int16Array(1)));
    assert.equal(again.filter(({ buffer }) => known.has(buffer)).length, 16);
  });
});
