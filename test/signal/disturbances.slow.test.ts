import { checkDisturbances } from './disturbances.js';

describe('signal/random disturbances, 2,000 waveforms', () => {
  for (const seed of [7, 42, 99, 2026]) {
    it(`seed ${seed}`, () => checkDisturbances(seed, 500)).timeout(600_000);
  }
});
