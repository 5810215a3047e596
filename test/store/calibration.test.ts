/** Calibration and nominal values, dated: what held when. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { boxEventOf } from '../../acquisition-broker/waveforms/box-event.js';
import {
  calibrationAt,
  calibrationOf,
  countsPerVolt,
  datedRecord,
  referencePart,
} from '../../store/calibration.js';
import { References, referenceData } from '../../store/reference.js';
import type { BoxDocument } from '../../store/store.js';
import { runs } from '../support/property.js';
import { boxEvent } from './contract/given.js';

const NEW: BoxDocument = { box_id: '1001', calibration_constant: 150, unplugged: false };

describe('store: dated calibration', () => {
  it('a change goes into the archive with since when the old values held; a change of other fields does not', () => {
    const named = datedRecord(NEW, { ...NEW, name: 'roof' }, 1000);
    assert.deepEqual(named, { ...NEW, name: 'roof' });
    const first = datedRecord(named, { ...named, calibration_constant: 151, nominal_voltage: 230 }, 2000);
    assert.deepEqual(
      [first.calibration_start_time_ms, first.calibration_archive],
      [2000, [{ calibration_constant: 150, calibration_start_time_ms: 0 }]],
    );
    const { nominal_voltage: _, ...without } = first;
    const second = datedRecord(first, without, 3000);
    assert.deepEqual(second.calibration_archive, [
      { calibration_constant: 150, calibration_start_time_ms: 0 },
      { calibration_constant: 151, nominal_voltage: 230, calibration_start_time_ms: 2000 },
    ]);
    assert.deepEqual(calibrationAt(second, 1999), { calibration_constant: 150 });
    assert.deepEqual(calibrationAt(second, 2000), { calibration_constant: 151, nominal_voltage: 230 });
    assert.deepEqual(calibrationAt(second, 3000), { calibration_constant: 151 });
  });

  it('locations are archived as they were before', () => {
    const placed = datedRecord(undefined, { ...NEW, location: 'lab' }, 1000);
    assert.deepEqual([placed.location_start_time_ms, placed.location_archive], [1000, []]);
    const moved = datedRecord(placed, { ...placed, location: 'roof' }, 2000);
    assert.deepEqual(
      [moved.location_start_time_ms, moved.location_archive],
      [2000, [{ location: 'lab', location_start_time_ms: 1000 }]],
    );
  });

  it('a constant that is known for the first time holds for the past too', () => {
    const unknown: BoxDocument = { ...NEW, calibration_constant: 1 };
    assert.deepEqual(calibrationAt(unknown, 5), {});
    assert.equal(countsPerVolt(boxEvent(1, '1001', 5), unknown), 1);
    const known = datedRecord(unknown, NEW, 1000);
    assert.equal(known.calibration_archive, undefined);
    assert.equal(countsPerVolt(boxEvent(1, '1001', 5), known), 150);
    // With a nominal value in the same change there is a period, of whose constant nothing is known.
    const both = datedRecord(unknown, { ...NEW, nominal_voltage: 230 }, 1000);
    assert.deepEqual(calibrationAt(both, 5), { calibration_constant: 150 });
    assert.deepEqual(calibrationAt(undefined, 5), {});
  });

  it('what stands in a box event wins over the record', () => {
    const judged = { ...boxEvent(1, '1001', 5), calibration_constant: 99, nominal_voltage: 277 };
    assert.deepEqual(calibrationOf(judged, { ...NEW, nominal_frequency: 50 }), {
      ...{ calibration_constant: 99, nominal_voltage: 277, nominal_frequency: 50 },
    });
    assert.equal(countsPerVolt(judged, undefined), 99);
  });

  it('the record of a time is in the place of the present one, before the other sources', () => {
    const record = { ...NEW, nominal_voltage: 230 };
    const references = new References({ voltage: 120, frequency: 60 }, referenceData(undefined, [record]));
    assert.equal(references.of(1001).voltage, 230);
    assert.equal(references.of(1001, {}).voltage, 120);
    assert.equal(references.of(1001, referencePart({ nominal_voltage: 277 })).voltage, 277);
  });

  it('a box event of the broker has the constant of its time, and none where it is not known', () => {
    const record = datedRecord(NEW, { ...NEW, calibration_constant: 160 }, 10_000);
    const of = (atMs: number, box?: BoxDocument) => boxEventOf(1, '1001', { timesMs: [atMs] }, box);
    assert.equal(of(9999, record).calibration_constant, 150);
    assert.equal(of(10_000, record).calibration_constant, 160);
    assert.ok(!('calibration_constant' in of(1, { ...NEW, calibration_constant: 1 })));
    assert.ok(!('calibration_constant' in of(1)));
  });

  it('property: whatever is set when, each time has the values of the last change before it', () => {
    const change = fc.record({
      calibration_constant: fc.double({ min: 2, max: 1000, noNaN: true }),
      nominal_voltage: fc.option(fc.constantFrom(120, 230, 277), { nil: undefined }),
      waitMs: fc.integer({ min: 1, max: 1000 }),
    });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 20 }),
        fc.integer({ min: 0, max: 25_000 }),
        (changes, atMs) => {
          let record = NEW;
          let nowMs = 0;
          let expected: object = { calibration_constant: NEW.calibration_constant };
          for (const { calibration_constant, nominal_voltage, waitMs } of changes) {
            nowMs += waitMs;
            const { nominal_voltage: _, ...rest } = record;
            const values = {
              calibration_constant,
              ...(nominal_voltage === undefined ? {} : { nominal_voltage }),
            };
            record = datedRecord(record, { ...rest, ...values }, nowMs);
            if (nowMs <= atMs) expected = values;
          }
          assert.deepEqual(calibrationAt(record, atMs), expected);
        },
      ),
      { numRuns: runs(300) },
    );
  });
});
