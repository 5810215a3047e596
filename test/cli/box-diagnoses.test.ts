/** What `makai doctor` makes of the health of boxes. */
import assert from 'node:assert/strict';
import type { BoxHealthRecord } from '../../cli/box-health/read.js';
import { boxDiagnoses, neverHeard, silent, withoutRecord } from '../../cli/doctor/boxes.js';
import { references } from '../../cli/doctor/references.js';
import type { BoxDocument, MakaiConfigDocument } from '../../store/documents.js';

const FINDING = { since_ms: 1_795_315_500_000, info: 'numbers', todo: 'what to do' };

function record(
  boxId: number,
  code?: BoxHealthRecord['findings'][number]['code'],
  more: Partial<BoxHealthRecord> = {},
): BoxHealthRecord {
  return { box_id: String(boxId), findings: code === undefined ? [] : [{ code, ...FINDING }], ...more };
}

const summary = (records: BoxHealthRecord[]) =>
  boxDiagnoses({ records, missing: [] }).map(({ area, message, subject, verdict }) => [
    verdict,
    area,
    subject,
    message,
  ]);

describe('cli/doctor: boxes', () => {
  it('each finding is wrong, and says what to do', () => {
    assert.deepEqual(boxDiagnoses({ records: [record(1), record(7, 'RATE')], missing: [] }), [
      { area: 'boxes', subject: 'box 7', verdict: 'wrong', message: 'RATE: numbers', todo: 'what to do' },
    ]);
    assert.deepEqual(summary([record(1), record(2)]), [
      ['ok', 'boxes', 'boxes', '2 known to the daemons, none with a finding'],
    ]);
    assert.deepEqual(summary([]), [['ok', 'boxes', 'boxes', 'the daemons have heard none yet']]);
  });

  it('two connections of one key are a note, unless the finding is there', () => {
    const twice = {
      measurement_connections: { handshakes: 2, addresses: [], open: 2, twice: true as const },
    };
    assert.deepEqual(
      summary([record(7, undefined, twice)]).map(([verdict]) => verdict),
      ['note'],
    );
    assert.deepEqual(
      summary([record(7, 'ID_IN_USE_TWICE', twice)]).map(([verdict]) => verdict),
      ['wrong'],
    );
  });

  it('most boxes off to the same side: the clock of this machine', () => {
    const stream = { clock_offset_ms: -5000 } as NonNullable<BoxHealthRecord['stream']>;
    const off = [1, 2, 3].map((id) => record(id, 'CLOCK_OFFSET', { stream }));
    assert.deepEqual(summary([...off, record(4)])[0], [
      'wrong',
      'clock',
      'this machine',
      '3 of 4 boxes are behind it: it is probably this clock that is wrong',
    ]);
    assert.ok(
      summary([...off, record(4), record(5), record(6), record(7)]).every(([, area]) => area === 'boxes'),
    );
  });

  it('lists 50 of many', () => {
    const all = summary(Array.from({ length: 80 }, (_, i) => record(i + 1, 'RATE')));
    assert.equal(all.length, 51);
    assert.match(all.at(-1)?.at(-1) ?? '', /^30 more/);
  });
});

const box = (id: number, more: Partial<BoxDocument> = {}): BoxDocument => ({
  ...{ box_id: String(id), calibration_constant: 1, unplugged: false },
  ...more,
});

describe('cli/doctor: boxes that are in use by their records and were never heard', () => {
  const heard = { ...record(1), stream: {} as NonNullable<BoxHealthRecord['stream']> };
  const stored = {
    boxes: [box(1), box(2), box(3, { unplugged: true }), box(1_000_000_000, { kind: 'import' })],
    config: undefined,
    isKnown: true,
  };

  it('are named once the service has run for five minutes', () => {
    const [found, ...others] = neverHeard({ records: [heard, record(2)], missing: [] }, stored, 300);
    assert.deepEqual([found?.verdict, found?.subject, others], ['note', 'box 2', []]);
    assert.match(found?.message ?? '', /not heard since the start/);
    assert.deepEqual(neverHeard({ records: [heard], missing: [] }, stored, 299), []);
  });

  it('and so are those that only a certificate names', () => {
    const certified = new Set(['1', '3', '7', '8']);
    const found = neverHeard({ records: [heard], missing: [] }, stored, 300, certified);
    assert.deepEqual(
      found.map(({ subject, message }) => [subject, message.split(',')[0]]),
      [
        ['box 2', 'in use by the records in the store'],
        ['boxes 7, 8', 'certified'],
      ],
    );
  });

  it('one that was heard and is silent is wrong', () => {
    const stream = (ago: number, unplugged = false) =>
      ({ heard_ms: 1e12 - ago, unplugged }) as NonNullable<BoxHealthRecord['stream']>;
    const records = [
      record(1, undefined, { stream: stream(1000) }),
      record(2, undefined, { stream: stream(400_000) }),
      record(3, undefined, { stream: stream(400_000, true) }),
    ];
    const [found, ...others] = silent({ records, missing: [] }, 1e12);
    assert.deepEqual([found?.verdict, found?.subject, others], ['wrong', 'box 2', []]);
  });

  it('one that is heard and has no record is named, with how to add it', () => {
    const other = { ...record(9), stream: {} as NonNullable<BoxHealthRecord['stream']> };
    const [found, ...others] = withoutRecord({ records: [heard, other], missing: [] }, stored);
    assert.deepEqual([found?.verdict, found?.subject, others], ['note', 'box 9', []]);
    assert.match(found?.todo ?? '', /^makai boxes add 9 /);
    assert.deepEqual(withoutRecord({ records: [other], missing: [] }, { ...stored, isKnown: false }), []);
  });

  it('are not known without the triggering service', () => {
    const missing = [{ daemon: 'triggering-service' as const, reason: 'no reply' }];
    assert.deepEqual(neverHeard({ records: [], missing }, stored, 300), []);
  });
});

describe('cli/doctor: references in the store that are not near 60 Hz', () => {
  const config = (default_ref_f: number): MakaiConfigDocument =>
    ({
      triggering: { default_ref_f, default_ref_v: 120, triggering_overrides: [] },
    }) as unknown as MakaiConfigDocument;
  const found = (boxes: BoxDocument[], of?: MakaiConfigDocument) =>
    references(undefined, { boxes, config: of, isKnown: true }).map(({ message, subject, todo }) => [
      subject,
      /THD is not judged/.test(message),
      /in (makai_config|the records)/.exec(todo ?? '')?.[1],
    ]);

  it('of a box, and of all by makai_config', () => {
    assert.deepEqual(found([box(1, { nominal_frequency: 50 }), box(2)]), [['box 1', true, 'the records']]);
    assert.deepEqual(found([box(1), box(2), box(9, { kind: 'import' })], config(50)), [
      ['boxes 1, 2', true, 'makai_config'],
    ]);
    assert.deepEqual(found([box(1, { nominal_frequency: 60 }), box(2)], config(60)), []);
    assert.deepEqual(found([box(1)]), [], 'that of the settings is in their own notes');
  });
});
