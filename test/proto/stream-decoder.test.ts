/** The hot path against the protobufjs codec: the same frames taken, the same refused, the same values. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createColumns, METRICS, type MeasurementColumns, type Metric } from '../../proto/columns.js';
import {
  DecodeError,
  decodeInto,
  decodeStream,
  type MetricValues,
  measurement,
  STREAM_REASONS,
  triggerMessage,
} from '../../proto/index.js';
import { anyField, anyFloat, anyVarint, damaged, delimited, float, tag } from './wire-arbitraries.js';

interface Row {
  boxId: number;
  timestampMs: number;
  dialect: number;
  invalid: Metric[];
  metrics: Record<Metric, MetricValues>;
}

const ROWS = 4;

describe('proto/stream-decoder', () => {
  const trigger = fc
    .record({
      id: fc.integer({ min: 0, max: 0x7fff_ffff }),
      time: fc.maxSafeNat(),
      frequency: fc.float(),
      rms: fc.float(),
      thd: fc.option(fc.float(), { nil: undefined }),
      flags: fc.option(fc.integer(), { nil: undefined }),
    })
    .map(({ thd, flags, ...rest }) => [
      ...triggerMessage.encode({
        ...rest,
        ...(thd !== undefined && { thd }),
        ...(flags !== undefined && { flags }),
      }),
    ]);
  const metric = fc.record({ min: fc.float(), max: fc.float(), average: fc.float() });
  const boxMeasurement = fc
    .record({
      boxId: fc.nat(0xffff_ffff),
      timestampMs: fc.maxSafeNat(),
      metrics: fc.dictionary(fc.oneof(fc.constantFrom(...METRICS), fc.string({ unit: 'binary' })), metric),
    })
    .map((message) => [...measurement.encode(message)]);

  // fields of the two messages one by one, in any order, twice, missing, with others between
  const key = fc
    .oneof(
      fc.constantFrom('f', 'rms', 'thd', 'trans', 'g', 'rmt', 'thc', 'tranz'),
      fc.string({ unit: 'binary' }),
    )
    .map((text) => [...Buffer.from(text)]);
  const badKey = fc.array(fc.nat(255), { maxLength: 6 });
  const metricFields = fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.tuple(fc.integer({ min: 1, max: 3 }), anyFloat).map(([n, f]) => [...tag(n, 5), ...f]),
      },
      anyField,
    ),
    { maxLength: 4 },
  );
  // the order in which boxes send them, with or without something behind
  const inOrder = fc
    .tuple(anyFloat, anyFloat, anyFloat, fc.oneof(fc.constant([]), metricFields))
    .map(([min, max, average, more]) => [
      [...tag(1, 5), ...min, ...tag(2, 5), ...max, ...tag(3, 5), ...average],
      ...more,
    ]);
  const entry = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: key.map((bytes) => delimited(1, bytes)) },
      badKey.map((bytes) => delimited(1, bytes)),
      { weight: 4, arbitrary: fc.oneof(metricFields, inOrder).map((fields) => delimited(2, fields.flat())) },
      anyField,
    ),
    { maxLength: 4 },
  );
  const fields = fc
    .array(
      fc.oneof(
        anyVarint.map((v) => [...tag(1, 0), ...v]),
        anyVarint.map((v) => [...tag(2, 0), ...v]),
        fc.tuple(fc.integer({ min: 3, max: 5 }), anyFloat).map(([n, f]) => [...tag(n, 5), ...f]),
        { weight: 3, arbitrary: entry.map((parts) => delimited(3, parts.flat())) },
        anyField,
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.flat());

  for (const [what, frames] of Object.entries({
    TriggerMessages: trigger,
    Measurements: boxMeasurement,
    'fields in any order': fields,
    'damaged frames': damaged(fc.oneof(trigger, boxMeasurement, fields)),
    'random bytes': fc.array(fc.nat(255), { maxLength: 60 }),
  })) {
    it(`equals the codec on ${what}`, () => {
      fc.assert(
        fc.property(frames, fc.nat(ROWS - 1), (bytes, index) => {
          assertSame(Uint8Array.from(bytes), index);
        }),
        { numRuns: 3000 },
      );
    });
  }

  it('takes a prefix of a frame exactly when the codec does', () => {
    const full = measurement.encode({
      boxId: 1009,
      timestampMs: 1_795_315_358_581,
      metrics: Object.fromEntries(
        [...METRICS, 'other'].map((name) => [name, { min: 1, max: 3, average: 2 }]),
      ),
    });
    for (let length = 0; length <= full.length; length++) assertSame(full.slice(0, length), 0);
  });

  it('refuses groups nested past 100, as the codec does', () => {
    for (const depth of [99, 100, 101, 102, 5000]) {
      const frame = [...new Array<number>(depth).fill(0x4b), ...new Array<number>(depth).fill(0x4c)];
      assertSame(Uint8Array.from(frame), 0);
      assertSame(Uint8Array.from(delimited(3, delimited(2, frame))), 0);
    }
  });

  it('gives each refusal its reason', () => {
    const columns = createColumns(1);
    const reason = (bytes: number[]) => STREAM_REASONS[decodeInto(Uint8Array.from(bytes), columns, 0)];
    const values = [...tag(3, 5), ...float(60), ...tag(4, 5), ...float(120)];
    assert.equal(reason([0x08, 1, 0x10, 1, ...values]), 'ok');
    assert.equal(reason([0x08, 1, 0x10, 1, ...values.slice(0, -1)]), 'malformed_measurement');
    assert.equal(reason([0x08, 1, ...values]), 'field_missing');
    assert.equal(
      reason([0x08, 1, 0x10, ...new Array<number>(9).fill(0xff), 1, ...values]),
      'time_out_of_range',
    );
    assert.equal(
      reason([0x08, ...new Array<number>(9).fill(0xff), 1, 0x10, 1, ...values]),
      'box_id_out_of_range',
    );
    assert.equal(reason([]), 'ok');
  });

  it('leaves count and the other rows alone', () => {
    const columns = createColumns(ROWS);
    columns.count = 2;
    for (const index of [0, 1, 3]) columns.f.min[index] = index;
    decodeInto(measurement.encode({ boxId: 5, timestampMs: 7, metrics: {} }), columns, 2);
    assert.equal(columns.count, 2);
    assert.deepEqual([...columns.f.min], [0, 1, Number.NaN, 3]);
  });

  function assertSame(frame: Uint8Array, index: number): void {
    const columns = createColumns(ROWS);
    const code = decodeInto(frame, columns, index);
    assert.deepEqual(code === 0 ? rowAt(columns, index) : undefined, expectedRow(frame));
    assert.ok(code < STREAM_REASONS.length);
  }
});

/** What the codec says the row must be; undefined: refused. */
function expectedRow(frame: Uint8Array): Row | undefined {
  try {
    const { dialect, message } = decodeStream(frame);
    const came: Partial<Record<string, MetricValues>> =
      dialect === 3
        ? message.metrics
        : {
            f: thrice(message.frequency),
            rms: thrice(message.rms),
            ...(message.thd !== undefined && { thd: thrice(message.thd) }),
          };
    const good = (m: Metric) => Object.values(came[m] ?? { n: Number.NaN }).every(Number.isFinite);
    const own = METRICS.filter((m) => Object.hasOwn(came, m));
    const metrics = Object.fromEntries(
      METRICS.map((m) => [m, own.includes(m) && good(m) ? came[m] : thrice(Number.NaN)]),
    ) as Row['metrics'];
    const boxId = dialect === 2 ? message.id : message.boxId;
    if (boxId < 0) return undefined;
    const timestampMs = dialect === 2 ? message.time : message.timestampMs;
    return { boxId, timestampMs, dialect, invalid: own.filter((m) => !good(m)), metrics };
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    return undefined;
  }
}

function rowAt(columns: MeasurementColumns, index: number): Row {
  return {
    boxId: columns.boxId[index] ?? -1,
    timestampMs: columns.timestampMs[index] ?? -1,
    dialect: columns.dialect[index] ?? -1,
    invalid: METRICS.filter((_, bit) => ((columns.invalid[index] ?? 0) >> bit) & 1),
    metrics: Object.fromEntries(
      METRICS.map((m) => {
        const { min, max, average } = columns[m];
        return [m, { min: min[index], max: max[index], average: average[index] }];
      }),
    ) as Row['metrics'],
  };
}

function thrice(value: number): MetricValues {
  return { min: value, max: value, average: value };
}
