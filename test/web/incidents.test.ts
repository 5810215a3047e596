/** What the page says of incidents, and in which order. */
import assert from 'node:assert/strict';
import { iticRegion } from '../../signal/classify/itic.js';
import {
  type Corner,
  CURVE_FROM_S,
  CURVE_TO_S,
  decadeName,
  decades,
  iticLowerCorners,
  iticUpperCorners,
  semiRecommendedCorners,
  semiRequiredCorners,
} from '../../web/logic/curves.js';
import { countBoxes, deepestFirst, headline, spanOf } from '../../web/logic/event-view.js';
import {
  cellCounts,
  curvePoints,
  depthOf,
  durationSeconds,
  groupedLines,
  isRepeat,
  kindOf,
  leading,
  ownClass,
  severityOf,
  worstSeverity,
} from '../../web/logic/incidents.js';
import { marksOf } from '../../web/logic/marks.js';
import { className, text } from '../../web/logic/text.js';
import type { BoxEvent, Incident } from '../../web-service/api/index.js';

function incident(changes: Partial<Incident> = {}): Incident {
  return {
    incident_id: 1,
    event_id: 17,
    box_id: '1001',
    start_timestamp_ms: 1000,
    end_timestamp_ms: 1180,
    location: 'lab',
    measurement_type: 'VOLTAGE',
    deviation_from_nominal: -33.6,
    gridfs_filename: '',
    classifications: ['VOLTAGE_SAG'],
    ieee_duration: 'INSTANTANEOUS',
    annotations: [],
    metadata: {},
    expire_at: 0,
    figures: { duration_s: 0.18, magnitude_pu: 0.72 },
    ...changes,
  };
}

const group = (id: number, ids: number[]): NonNullable<Incident['group']> => ({
  group_id: id,
  scope: 'region',
  incident_ids: ids,
  box_ids: [],
  boxes_heard: 3,
  first_box: '1001',
  deepest_box: '1002',
  spread_ms: 0,
  spread_depth: 0,
  from_measurements: [],
  sentence: 'Voltage sag at 2 of 3 boxes',
});

describe('an incident on the page', () => {
  it('has one kind', () => {
    const kinds: [string[], string, string][] = [
      [['VOLTAGE_SAG', 'ITIC_NO_DAMAGE'], 'VOLTAGE', 'sag'],
      [['UNDERVOLTAGE'], 'VOLTAGE', 'sag'],
      [['VOLTAGE_SWELL'], 'VOLTAGE', 'swell'],
      [['VOLTAGE_INTERRUPTION'], 'VOLTAGE', 'interruption'],
      [['FREQUENCY_SAG'], 'FREQUENCY', 'frequency'],
      [['EXCESSIVE_THD'], 'THD', 'distortion'],
      [['OSCILLATORY_TRANSIENT'], 'TRANSIENT', 'transient'],
      [['OUTAGE'], 'HEALTH', 'outage'],
      [['UNDEFINED'], 'VOLTAGE', 'other'],
      [[], 'SOMETHING', 'other'],
    ];
    for (const [classifications, measurement_type, kind] of kinds) {
      assert.equal(kindOf({ classifications, measurement_type }), kind, classifications.join());
    }
  });

  it('has a severity by the standards it violates', () => {
    const of = (...classifications: string[]): string => severityOf(incident({ classifications }));
    assert.equal(of('VOLTAGE_SAG'), 'notice');
    assert.equal(of('VOLTAGE_SAG', 'SEMI_F47_VIOLATION'), 'warning');
    assert.equal(of('VOLTAGE_SWELL', 'ITIC_PROHIBITED'), 'critical');
    assert.equal(of('OUTAGE'), 'critical');
    assert.equal(of('UNDEFINED'), 'neutral');
    assert.equal(worstSeverity([]), 'neutral');
    assert.equal(worstSeverity([incident(), incident({ classifications: ['OUTAGE'] })]), 'critical');
  });

  it('has a duration, unless it goes on', () => {
    assert.equal(durationSeconds(incident()), 0.18);
    assert.equal(durationSeconds(incident({ figures: {} })), 0.18);
    assert.equal(durationSeconds(incident({ figures: {}, end_timestamp_ms: -1 })), undefined);
  });

  it('is drawn as high as it is deep', () => {
    assert.ok(Math.abs(depthOf(incident()) - 0.28) < 1e-9);
    assert.equal(depthOf(incident({ classifications: ['OUTAGE'], figures: {} })), 1);
    assert.equal(depthOf(incident({ figures: { magnitude_pu: 3 } })), 1);
  });

  it("has the plugin's own name where the list has none, and says when it repeats", () => {
    assert.equal(ownClass(incident({ metadata: { class: 'UNBALANCE' } })), 'UNBALANCE');
    assert.equal(ownClass(incident({ metadata: { class: 5 } })), undefined);
    assert.equal(className('RAPID_VOLTAGE_CHANGE'), 'Rapid voltage change');
    assert.equal(className('VOLTAGE_SAG'), 'Voltage sag');
    assert.ok(isRepeat(incident({ metadata: { same_as: 3 } })) && !isRepeat(incident()));
  });
});

describe('lines of incidents', () => {
  it('put a group into one line, newest first', () => {
    const lines = groupedLines([
      incident({ incident_id: 1, group: group(1, [1, 2]) }),
      incident({ incident_id: 2, start_timestamp_ms: 990, group: group(1, [1, 2]) }),
      incident({ incident_id: 3, start_timestamp_ms: 5000 }),
    ]);
    assert.deepEqual(
      lines.map(({ incidents, startMs }) => [startMs, incidents.map((one) => one.incident_id)]),
      [
        [5000, [3]],
        [990, [1, 2]],
      ],
    );
    assert.equal(lines[1]?.sentence, 'Voltage sag at 2 of 3 boxes');
  });

  it('are led by the most severe, then the deepest', () => {
    const deep = incident({ incident_id: 2, figures: { magnitude_pu: 0.4 } });
    const severe = incident({ incident_id: 3, classifications: ['VOLTAGE_SAG', 'ITIC_NO_DAMAGE'] });
    assert.equal(leading([incident(), deep])?.incident_id, 2);
    assert.equal(leading([deep, severe, incident()])?.incident_id, 3);
    assert.equal(leading([]), undefined);
  });
});

describe('marks on the time line', () => {
  const at = (id: number, startMs: number, changes: Partial<Incident> = {}): Incident =>
    incident({ incident_id: id, start_timestamp_ms: startMs, ...changes });

  it('share one where they would cover each other, in each lane by itself; no incident is lost', () => {
    const marks = marksOf(
      [
        at(1, 0),
        at(2, 5),
        at(3, 100),
        at(4, 6, { location: 'plant' }),
        at(5, 12, { classifications: ['OUTAGE'] }),
      ],
      (ms) => ms,
    );
    assert.deepEqual(
      marks.map(({ count, lead, location, x }) => [location, x, count, lead.incident_id]),
      [
        ['lab', 0, 3, 5],
        ['lab', 100, 1, 3],
        ['plant', 6, 1, 4],
      ],
    );
    assert.deepEqual(
      marks[0]?.lines.map((line) => line.startMs),
      [0, 5, 12],
    );
  });
});

describe('points and cells', () => {
  it('are those of sags and swells with magnitude and duration', () => {
    const points = curvePoints([
      incident(),
      incident({ figures: {} }),
      incident({ figures: { magnitude_pu: 0.5, duration_s: 0 } }),
      incident({ end_timestamp_ms: -1, figures: { magnitude_pu: 0.5 } }),
    ]);
    assert.deepEqual(
      points.map(({ percent, seconds }) => [percent, seconds]),
      [[72, 0.18]],
    );
  });

  it('are counted in the cell of the standard; what is in none is counted too', () => {
    const { cells, outside } = cellCounts(
      curvePoints([
        incident({ figures: { magnitude_pu: 0.72, duration_s: 0.18 } }),
        incident({ figures: { magnitude_pu: 0.72, duration_s: 0.18, en50160_cell: 'B1' } }),
        incident({ figures: { magnitude_pu: 1.3, duration_s: 2 } }),
        incident({ figures: { magnitude_pu: 0.5, duration_s: 300 } }),
      ]),
    );
    assert.deepEqual(
      [...cells],
      [
        ['B1', 2],
        ['S2', 1],
      ],
    );
    assert.equal(outside, 1);
  });
});

describe('curves', () => {
  /** Percent of a drawn curve at a time, as the eye reads it: lines that are straight in log t. */
  function read(corners: Corner[], t: number): number {
    const i = corners.findIndex(([time]) => time >= t);
    const [t1, v1] = corners[i] ?? [0, 0];
    const [t0, v0] = corners[i - 1] ?? [t1, v1];
    return t1 === t0 ? v1 : v0 + ((v1 - v0) * Math.log(t / t0)) / Math.log(t1 / t0);
  }

  it('are where the verdicts change', () => {
    for (let e = Math.log10(CURVE_FROM_S) + 0.01; e < Math.log10(CURVE_TO_S); e += 0.013) {
      const t = 10 ** e;
      const [upper, lower] = [read(iticUpperCorners(), t), read(iticLowerCorners(), t)];
      assert.equal(iticRegion(upper + 0.5, t), 'prohibited', `${t}`);
      assert.equal(iticRegion(upper - 0.5, t), 'no interruption', `${t}`);
      if (lower > 0) assert.equal(iticRegion(lower - 0.5, t), 'no damage', `${t}`);
    }
  });

  it('begin after one cycle (SEMI F47), and the required one ends at one second', () => {
    for (const frequency of [50, 60]) {
      const required = semiRequiredCorners(frequency);
      assert.ok(Math.abs((required[0]?.[0] ?? 0) * frequency - 1) < 1e-4);
      assert.deepEqual(required[0]?.[1], 50);
      assert.deepEqual(required.at(-1), [1, 80]);
      assert.deepEqual(semiRecommendedCorners(frequency).at(-1), [CURVE_TO_S, 90]);
    }
  });

  it('stand on an axis of decades', () => {
    assert.deepEqual(decades(0.0001, 1).map(decadeName), ['0.1 ms', '1 ms', '10 ms', '100 ms', '1 s']);
  });
});

describe('an event on the page', () => {
  const box = (box_id: string, start = 1000): BoxEvent => ({
    event_id: 17,
    box_id,
    event_start_timestamp_ms: start,
    event_end_timestamp_ms: start + 500,
    location: 'lab',
    data_fs_filename: '',
    cycles: 30,
    calibration_constant: 150,
    nominal_voltage: 120,
    nominal_frequency: 60,
    remarks: [],
  });

  it('has the box with the deepest incident first, those without one last, by id', () => {
    const order = deepestFirst({
      box_events: [box('1010'), box('999'), box('1001'), box('1002')],
      incidents: [incident(), incident({ box_id: '1002', figures: { magnitude_pu: 0.4 } })],
    });
    assert.deepEqual(
      order.map((one) => one.box_id),
      ['1002', '1001', '999', '1010'],
    );
  });

  it('reaches from the first sample to the last; without waveforms over the window that was requested', () => {
    const window = { target_event_start_timestamp_ms: 900, target_event_end_timestamp_ms: 1600 };
    assert.deepEqual(spanOf({ ...window, box_events: [box('1'), box('2', 1200)] }), {
      fromMs: 980,
      toMs: 1700,
    });
    assert.deepEqual(spanOf({ ...window, box_events: [] }), { fromMs: 900, toMs: 1600 });
    const empty = { target_event_start_timestamp_ms: 900, target_event_end_timestamp_ms: 900 };
    assert.deepEqual(spanOf({ ...empty, box_events: [] }), { fromMs: 900, toMs: 920 });
  });

  it('counts boxes that replied though it is not about them', () => {
    assert.deepEqual(countBoxes({ boxes_triggered: ['1'], boxes_received: ['1', '2', '3'] }), {
      received: 3,
      all: 3,
    });
    assert.deepEqual(countBoxes({ boxes_triggered: ['1', '2'], boxes_received: ['2'] }), {
      received: 1,
      all: 2,
    });
  });

  it('is said in one sentence', () => {
    const plain = { type: 'VOLTAGE_SAG', description: 'threshold: voltage sag' };
    assert.equal(headline({ ...plain, incidents: [] }).sentence, 'Voltage sag');
    assert.equal(headline({ description: 'by hand', incidents: [] }).sentence, 'by hand');
    const { repeats, sentence, severity } = headline({ ...plain, incidents: [incident()] });
    assert.equal(sentence.replaceAll('\u00a0', ' '), 'Voltage sag to 0.72 pu for 0.18 s, box 1001');
    assert.deepEqual([severity, repeats], ['notice', false]);
    const grouped = incident({ group: group(1, [1]), metadata: { same_as: 9 } });
    assert.deepEqual(headline({ ...plain, incidents: [grouped] }), {
      sentence: 'Voltage sag at 2 of 3 boxes',
      severity: 'notice',
      repeats: true,
    });
  });
});

describe('the words of the page', () => {
  it('are all there, none empty', () => {
    const walk = (value: unknown, path: string): void => {
      if (typeof value === 'string') assert.ok(value.trim() !== '', path);
      else if (typeof value === 'object' && value !== null) {
        for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
      }
    };
    walk(text, 'text');
  });
});
