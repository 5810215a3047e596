/** `npm run bench -- decode`. */
import { type Benchmark, manyRounds } from './compare.js';
import { compareStream } from './decode-stream.js';
import { compareWaveforms } from './decode-waveform.js';

export const decode: Benchmark = {
  name: 'decode',
  what: 'decoding the triggering stream and waveforms, against protobufjs',
  run: async ({ rounds }) => {
    const many = manyRounds(rounds);
    return [...(await compareStream(many)), ...(await compareWaveforms(many))];
  },
};
