/**
 * An edit of calibration or nominal values through the API never changes old volts: box events, waveforms, Urms, exports and figures of incidents stay; new waveforms have the
 * new values.
 */
import assert from 'node:assert/strict';
import { boxEventOf } from '../../acquisition-broker/waveforms/box-event.js';
import { storeWaveform, waveform } from '../analysis-service/given.js';
import { newEvent } from '../store/contract/given.js';
import { fill, givenWeb, jsonBody, START } from './given.js';

describe('web-service: an edit of calibration and nominal values', () => {
  const given = givenWeb({
    prepare: async (store) => {
      await fill(store);
      // An incident of a plugin, whose depth follows from the nominal voltage alone.
      const incident = {
        ...{ event_id: -1, box_id: '1', location: 'lab', measurement_type: 'VOLTAGE', source: 'plugin' },
        ...{ start_timestamp_ms: START + 5000, end_timestamp_ms: START + 5200, deviation_from_nominal: -36 },
        ...{
          measurements: [],
          classifications: ['VOLTAGE_SAG'],
          ieee_duration: 'INSTANTANEOUS',
          metadata: {},
        },
      };
      await store.putIncident({ incident, samples: new Int16Array() });
    },
  });
  const OLD = [
    '/events/1',
    '/events/1/boxes/1',
    '/events/1/boxes/1/waveform?format=json',
    '/events/1/boxes/1/rms',
    '/events/1/export?format=csv',
    '/events/1/export?format=ndjson',
    `/incidents?from=${START}&to=${START + 60_000}`,
  ];
  const textOf = async (path: string): Promise<string> => {
    const response = await given().api(path);
    const text = await response.text();
    assert.equal(response.status, 200, `${path}: ${text}`);
    return text;
  };
  const change = async (fields: object): Promise<Record<string, unknown>> => {
    const { body, status } = await given().json('/boxes/1', jsonBody('PATCH', fields));
    assert.equal(status, 200, JSON.stringify(body));
    return body as Record<string, unknown>;
  };

  it('leaves what was before it as it was, twice, and holds for what comes', async () => {
    const before = await Promise.all(OLD.map(textOf));
    assert.match(before[2] ?? '', /"calibration_constant":146,/);
    assert.match(before[6] ?? '', /"magnitude_pu":0\.7/);
    const first = await change({ calibration_constant: 292, nominal_voltage: 240 });
    assert.equal(first.calibration_constant, 292);
    assert.deepEqual(first.calibration_archive, [
      { calibration_constant: 146, nominal_voltage: 120, calibration_start_time_ms: 0 },
    ]);
    assert.ok(Number(first.calibration_start_time_ms) > START - 365 * 86_400_000);
    await change({ calibration_constant: 73, nominal_voltage: null });
    for (const [i, path] of OLD.entries()) assert.equal(await textOf(path), before[i], path);

    // As the broker stores it: taken after the second change.
    const { store } = given();
    const record = await store.box('1');
    const nowMs = Date.now();
    await store.insertEvent(newEvent(9, nowMs, { boxes_triggered: ['1'] }));
    const times = [17, 33, 50].map((ms) => nowMs + 1000 + ms);
    await store.putBoxEvent(boxEventOf(9, '1', { timesMs: times }, record), waveform(0.05), nowMs);
    const detail = JSON.parse(await textOf('/events/9/boxes/1')) as Record<string, unknown>;
    assert.deepEqual([detail.calibration_constant, detail.nominal_voltage], [73, 120]);
    const rms = JSON.parse(await textOf('/events/9/boxes/1/waveform?format=json')) as { volts?: number[] };
    const highest = Math.max(...(rms.volts ?? []));
    assert.ok(Math.abs(highest - 2 * 120 * Math.SQRT2) < 1, String(highest));
    const entries = await store.audit({ limit: 10 });
    assert.deepEqual(
      entries.map(({ after, before: old, command }) => [command, old, after]),
      [
        [
          'boxes set',
          { calibration_constant: 146, nominal_voltage: 120 },
          { calibration_constant: 292, nominal_voltage: 240 },
        ],
        ['boxes set', { calibration_constant: 292, nominal_voltage: 240 }, { calibration_constant: 73 }],
      ],
    );
  });

  it('what a waveform was judged with wins over any record', async () => {
    const { store } = given();
    await storeWaveform(store, 11, '2', waveform(0.2), START + 70_000);
    const judgedWith = { calibration_constant: 146, nominal_voltage: 230, nominal_frequency: 50 };
    const analysis = { kind: 'analysis', eventId: 11, boxId: '2', findings: [], remarks: [] } as const;
    await store.apply({ ...analysis, judgedWith });
    const detail = JSON.parse(await textOf('/events/11/boxes/2')) as Record<string, unknown>;
    assert.deepEqual(
      [detail.calibration_constant, detail.nominal_voltage, detail.nominal_frequency],
      [146, 230, 50],
    );
  });
});
