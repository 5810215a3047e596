import assert from 'node:assert/strict';
import { incidentFilter, incidentQuery } from '../../cli/incident-choice.js';

describe('cli: which incidents are chosen', () => {
  it('the store looks for box, time, event and class: it need not read the others', () => {
    assert.deepEqual(
      incidentQuery({ box: '1001', class: 'voltage_sag', event: '7', from: '2026-01-01T00:00:00Z' }),
      {
        boxId: '1001',
        classification: 'VOLTAGE_SAG',
        eventId: 7,
        fromMs: Date.parse('2026-01-01T00:00:00Z'),
      },
    );
    assert.deepEqual(incidentQuery({}), {});
  });

  it('an event is a whole number', () => {
    for (const event of ['-1', 'x', '1.5']) {
      assert.throws(() => incidentQuery({ event }), /--event: expected a whole number/);
      assert.throws(() => incidentFilter({ event }), /--event: expected a whole number/);
    }
  });
});
