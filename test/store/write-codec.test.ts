import assert from 'node:assert/strict';
import fc from 'fast-check';
import { columnsBytes, FLAGS, METRICS, type MeasurementColumns } from '../../proto/columns.js';
import { decodeKeptWrite } from '../../store/kept-write.js';
import { WRITE_KINDS } from '../../store/outbox/policy.js';
import { decodeWrite, encodeWrite } from '../../store/write-codec.js';
import type { Write } from '../../store/writes.js';
import { runs } from '../support/property.js';
import { columnsOf } from './contract/given.js';

const PLAIN = { noNullPrototype: true } as const;
/** The other fields of an event may be missing. */
const EVENT_KEYS = [
  ...(['event_id', 'type', 'description', 'boxes_triggered', 'percent_magnitude'] as const),
  ...(['target_event_start_timestamp_ms', 'target_event_end_timestamp_ms'] as const),
];
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const time = fc.integer({ min: 0, max: 4e12 });
const real = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
const float = fc.oneof(fc.float({ noNaN: true }), fc.constant(Number.NaN));
const metric = fc.record({ min: real, max: real, average: real }, PLAIN);
const range = fc.record({ min: real, max: real }, PLAIN);
const flags = fc.subarray([...FLAGS]);
const sample = fc.record({
  box: fc.integer({ min: 0, max: 0xffffffff }),
  at: time,
  flagged: flags,
  metrics: fc.record(
    { f: float, rms: fc.tuple(float, float, float), thd: float, trans: float },
    { requiredKeys: [] },
  ),
});
const eventId = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const times = { target_event_start_timestamp_ms: time, target_event_end_timestamp_ms: time };

const samples = fc
  .array(fc.integer({ min: -32768, max: 32767 }), { maxLength: 30 })
  .map((x) => Int16Array.from(x));
const incident = fc.record(
  {
    ...{ event_id: eventId, box_id: text, location: text, source: text, incident_id: eventId },
    ...{ start_timestamp_ms: time, end_timestamp_ms: time, deviation_from_nominal: real },
    ...{ measurement_type: text, ieee_duration: text, classifications: fc.array(text) },
    measurements: fc.array(fc.record({ box_id: text, timestamp_ms: time, voltage: real }, PLAIN), {
      maxLength: 3,
    }),
    metadata: fc.record({ shape: text, depth_pu: real }, PLAIN),
  },
  {
    ...PLAIN,
    requiredKeys: [
      ...(['event_id', 'box_id', 'location', 'source', 'start_timestamp_ms', 'end_timestamp_ms'] as const),
      ...(['deviation_from_nominal', 'measurement_type', 'ieee_duration', 'classifications'] as const),
      ...(['measurements', 'metadata'] as const),
    ],
  },
);
const aggregate = fc.record(
  {
    box_id: text,
    timestamp_ms: time,
    window_seconds: fc.constantFrom(600 as const, 7200 as const),
    location: text,
    measurements: fc.nat(),
    flagged: fc.nat(),
    coverage: real,
    voltage: fc.record({ rms: real, min: real, max: real }, PLAIN),
    frequency: fc.record(
      { min: real, max: real, average: real, ten_second: fc.array(real) },
      { requiredKeys: ['min', 'max', 'average'], ...PLAIN },
    ),
    thd: fc.record(
      {
        rms: real,
        min: real,
        max: real,
        three_second: fc.record({ step: real, from: fc.nat(), counts: fc.array(fc.nat()) }, PLAIN),
      },
      { requiredKeys: ['rms', 'min', 'max'], ...PLAIN },
    ),
  },
  {
    requiredKeys: [
      ...(['box_id', 'timestamp_ms', 'window_seconds', 'location'] as const),
      ...(['measurements', 'flagged', 'coverage'] as const),
    ],
    ...PLAIN,
  },
);

/** One of each kind, without the time of acceptance. */
const WRITES: { [K in Write['kind']]: fc.Arbitrary<Omit<Extract<Write, { kind: K }>, 'acceptedAtMs'>> } = {
  measurements: fc
    .array(sample, { maxLength: 20 })
    .map((samples) => ({ kind: 'measurements' as const, columns: columnsOf(samples) })),
  trends: fc.record(
    {
      kind: fc.constant('trends' as const),
      trends: fc.array(
        fc.record(
          {
            box_id: text,
            timestamp_ms: time,
            location: text,
            frequency: metric,
            voltage: metric,
            thd: metric,
            transient: metric,
            flagged: real,
            unflagged: fc.record(
              { frequency: range, voltage: range, thd: range, transient: range },
              { requiredKeys: [], ...PLAIN },
            ),
          },
          { requiredKeys: ['box_id', 'timestamp_ms', 'location'], ...PLAIN },
        ),
      ),
    },
    PLAIN,
  ),
  trend_windows: fc.record(
    {
      kind: fc.constant('trend_windows' as const),
      windows: fc.array(fc.record({ boxId: text, startMs: time, endMs: time }, PLAIN)),
    },
    PLAIN,
  ),
  aggregates: fc.record({ kind: fc.constant('aggregates' as const), aggregates: fc.array(aggregate) }, PLAIN),
  series: fc.record(
    {
      kind: fc.constant('series' as const),
      values: fc.array(
        fc.record({ plugin: text, series: text, box_id: text, timestamp_ms: time, value: real }, PLAIN),
      ),
    },
    PLAIN,
  ),
  plugin_state: fc.record(
    {
      kind: fc.constant('plugin_state' as const),
      state: fc.record(
        { plugin: text, format: fc.constantFrom('json' as const, 'bytes' as const), body: text },
        PLAIN,
      ),
    },
    PLAIN,
  ),
  event: fc.record(
    {
      kind: fc.constant('event' as const),
      event: fc.record(
        {
          event_id: eventId,
          type: text,
          description: text,
          boxes_triggered: fc.array(text),
          percent_magnitude: real,
          ...times,
          family: eventId,
          request_data: fc.constant(false as const),
          boxes_refused: fc.array(fc.record({ reason: text, boxes: fc.array(text) }, PLAIN)),
        },
        { ...PLAIN, requiredKeys: EVENT_KEYS },
      ),
    },
    PLAIN,
  ),
  triggered_boxes: fc.record(
    { kind: fc.constant('triggered_boxes' as const), eventId, boxIds: fc.array(text) },
    PLAIN,
  ),
  incident: fc.record({ kind: fc.constant('incident' as const), incident, samples }, PLAIN),
  analysis: fc.record(
    {
      kind: fc.constant('analysis' as const),
      ...{ eventId, boxId: text, remarks: fc.array(text) },
      findings: fc.array(
        fc.record(
          { incident, samples, supersedes: fc.array(eventId, { maxLength: 3 }) },
          { ...PLAIN, requiredKeys: ['incident', 'samples'] },
        ),
        { maxLength: 4 },
      ),
    },
    PLAIN,
  ),
  incident_group: fc.record(
    {
      kind: fc.constant('incident_group' as const),
      group: fc.record(
        {
          ...{ group_id: eventId, scope: fc.constantFrom('box' as const, 'all' as const), first_box: text },
          ...{ incident_ids: fc.array(eventId), box_ids: fc.array(text), boxes_heard: eventId },
          ...{ deepest_box: text, spread_ms: real, spread_depth: real, from_measurements: fc.array(text) },
          sentence: text,
        },
        PLAIN,
      ),
    },
    PLAIN,
  ),
  box_event: fc.record(
    {
      kind: fc.constant('box_event' as const),
      boxEvent: fc.record(
        {
          event_id: eventId,
          box_id: text,
          event_start_timestamp_ms: time,
          event_end_timestamp_ms: time,
          window_timestamps_ms: fc.array(time),
          location: text,
          data_fs_filename: text,
        },
        PLAIN,
      ),
      samples: fc.int16Array({ maxLength: 50 }),
    },
    PLAIN,
  ),
  open_request: fc.record(
    { kind: fc.constant('open_request' as const), request: fc.record({ key: text, body: text }, PLAIN) },
    PLAIN,
  ),
  closed_request: fc.record({ kind: fc.constant('closed_request' as const), key: text }, PLAIN),
  metrics: fc.record(
    {
      kind: fc.constant('metrics' as const),
      document: fc.oneof(
        fc.record({ name: text, bytes: fc.nat() }, PLAIN),
        fc.record({ name: text, sent: fc.nat(), recv: fc.nat() }, PLAIN),
      ),
    },
    PLAIN,
  ),
  health: fc.record(
    {
      kind: fc.constant('health' as const),
      finding: fc.record(
        {
          timestamp: time.map((ms) => new Date(ms)),
          service: text,
          serviceID: text,
          status: fc.constantFrom('UP' as const, 'DOWN' as const),
          info: text,
        },
        PLAIN,
      ),
    },
    PLAIN,
  ),
};

const write: fc.Arbitrary<Write> = fc
  .tuple(
    fc.oneof(...WRITE_KINDS.map((kind) => WRITES[kind] as fc.Arbitrary<Omit<Write, 'acceptedAtMs'>>)),
    time,
  )
  .map(([one, acceptedAtMs]) => ({ ...one, acceptedAtMs }) as Write);

/** What a write says, in a form that `deepEqual` compares: of columns, the rows that count. */
function comparable(given: Write): unknown {
  if (given.kind !== 'measurements') return given;
  return { ...given, columns: rowsOf(given.columns) };
}

function rowsOf(columns: MeasurementColumns): unknown[] {
  return Array.from({ length: columns.count }, (_, i) => [
    columns.boxId[i],
    columns.timestampMs[i],
    columns.invalid[i],
    columns.dialect[i],
    columns.flags[i],
    ...METRICS.map((name) => [columns[name].min[i], columns[name].average[i], columns[name].max[i]]),
  ]);
}

describe('store: writes as bytes', () => {
  it('measurements that a spool kept before there were flags come back without any', () => {
    const columns = columnsOf([
      { box: 1, at: 5, metrics: { rms: 120, f: 60 } },
      { box: 2, at: 6, metrics: { rms: [1, 2, 3] }, invalid: ['thd'] },
      { box: 3, at: 7, flagged: ['sag'] },
    ]);
    const bytes = encodeWrite({ kind: 'measurements', columns });
    const body = columnsBytes(3);
    const older = Buffer.concat([bytes.subarray(0, body - 3), bytes.subarray(body)]);
    const write = decodeKeptWrite(older);
    assert.ok(write.kind === 'measurements');
    assert.deepEqual([...write.columns.flags], [0, 0, 0]);
    write.columns.flags[2] = columns.flags[2] ?? 0;
    assert.deepEqual(rowsOf(write.columns), rowsOf(columns));
  });

  it('every write comes back as it went in, also from bytes that lie anywhere', () => {
    fc.assert(
      fc.property(write, fc.nat({ max: 9 }), (given, offset) => {
        const bytes = encodeWrite(given);
        assert.deepEqual(comparable(decodeWrite(bytes)), comparable(given));
        // As SQLite may give them: in the middle of a buffer.
        const moved = Buffer.alloc(bytes.length + offset);
        moved.set(bytes, offset);
        assert.deepEqual(comparable(decodeKeptWrite(moved.subarray(offset))), comparable(given));
      }),
    );
  });

  it('a write without a time of acceptance stays without', () => {
    const given: Write = { kind: 'closed_request', key: 'a' };
    assert.deepEqual(decodeWrite(encodeWrite(given)), given);
  });

  it('what is decoded is a copy of what was encoded', () => {
    const columns = columnsOf([{ box: 1, at: 5, metrics: { f: 60 } }]);
    const bytes = encodeWrite({ kind: 'measurements', columns });
    columns.timestampMs[0] = 6;
    const decoded = decodeWrite(bytes);
    assert.equal(decoded.kind === 'measurements' && decoded.columns.timestampMs[0], 5);
  });

  it('cut short anywhere it is refused, with the code of a damaged file', () => {
    fc.assert(
      fc.property(write, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const bytes = encodeWrite(given);
        const cut = bytes.subarray(0, Math.min(bytes.length - 1, Math.floor(share * bytes.length)));
        assert.throws(() => decodeKeptWrite(cut), { code: 'STORE_DAMAGED' });
      }),
    );
  });

  it('with bytes changed it is refused, or is a write again: nothing else comes of it', () => {
    const changes = fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 255 })),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(write, changes, (given, flips) => {
        const bytes = Buffer.from(encodeWrite(given));
        for (const [share, bits] of flips) {
          const at = Math.min(bytes.length - 1, Math.floor(share * bytes.length));
          bytes[at] = (bytes[at] ?? 0) ^ bits;
        }
        let decoded: Write | undefined;
        try {
          decoded = decodeKeptWrite(bytes);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'STORE_DAMAGED');
        }
        // What passes can be encoded again: every field is there with its type.
        if (decoded !== undefined) encodeWrite(decoded);
      }),
      { numRuns: runs(500) },
    );
  });

  it('a header that is none of a write is refused', () => {
    const headers = [
      { kind: 'closed_request', key: 5 },
      { kind: 'closed_request' },
      { kind: 'evenu', event: {} },
      { kind: 'event', event: {} },
      { kind: 'series', values: [{ plugin: 'a' }] },
      { kind: 'metrics', document: { name: 'ab', sent: 1 } },
      { kind: 'health', finding: { timestamp: 'never', service: '', serviceID: '', status: 'UP', info: '' } },
    ];
    for (const header of headers) {
      const bytes = encodeWrite(header as never);
      assert.throws(() => decodeKeptWrite(bytes), { code: 'STORE_DAMAGED' }, JSON.stringify(header));
    }
  });

  it('any bytes at all are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.throws(() => decodeKeptWrite(bytes), { code: 'STORE_DAMAGED' });
      }),
    );
  });
});
