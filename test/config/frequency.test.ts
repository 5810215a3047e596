import assert from 'node:assert/strict';
import { notes } from '../../config/notes.js';
import { parseSettings } from '../../config/parse.js';

describe('config: a grid that has not 60 Hz', () => {
  const warnings = (fields: Record<string, unknown>) =>
    notes('triggering-service', parseSettings('triggering-service', fields)).map(
      ({ path, message }) => `${path}: ${message}`,
    );

  it('says what boxes cannot measure there, and why', () => {
    const plugins = [{ path: 'threshold', reference_voltage: 230, reference_frequency: 50 }];
    const [fromPlugin] = warnings({ plugins });
    assert.match(fromPlugin ?? '', /^plugins: the nominal frequency is 50 Hz/);
    assert.match(fromPlugin ?? '', /200 samples at 12 kHz.*THD is not judged.*wider limits/);
    const [named] = warnings({ nominal_frequency: 50 });
    assert.match(named ?? '', /^nominal_frequency:/);
  });

  it('near 60 Hz there is nothing to say', () => {
    assert.deepEqual(warnings({}), []);
    assert.deepEqual(warnings({ nominal_frequency: 59.5 }), []);
  });
});
