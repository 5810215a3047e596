import { checkDisturbances } from './disturbances.js';

describe('signal/random disturbances', () => {
  it('each is one incident, and what is undisturbed is none', () => checkDisturbances(1, 60)).timeout(60_000);
});
