import assert from 'node:assert/strict';
import { incidentText } from '../../cli/incident-text.js';
import { describeDetails } from '../../cli/status-text.js';

describe('cli: details of an incident and of a status', () => {
  it('times in ms keep their milliseconds, durations too', () => {
    const text = incidentText(
      {
        incident_id: 1,
        event_id: 2,
        box_id: '1001',
        start_timestamp_ms: 1_780_000_012_345,
        end_timestamp_ms: 1_780_000_074_567,
        location: 'lab-1',
        measurement_type: 'VOLTAGE',
        deviation_from_nominal: -36.125,
        measurements: [],
        gridfs_filename: '',
        classifications: ['VOLTAGE_SAG'],
        ieee_duration: 'SUSTAINED',
        annotations: [],
        metadata: { worst_ms: 1_780_000_023_456.25, duration_s: 62.222, residual_pu: 0.69896 },
        expire_at: 0,
      },
      [],
    );
    assert.match(text, /start +2026-05-28T20:26:52\.345Z/);
    assert.match(text, /worst_ms +1780000023456\.25\n/);
    assert.match(text, /duration_s +62\.222\n/);
    assert.match(text, /residual_pu +0\.699\n/);
  });

  it('small values keep 4 digits, whole ones all', () => {
    assert.deepEqual(describeDetails({ share: 0.000123456, bytes: 123_456_789, volts: 12_470.4567 }), [
      'share  0.0001235',
      'bytes  123456789',
      'volts  12470.457',
    ]);
  });
});
