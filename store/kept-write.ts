/** Writes that were kept on disk, which may give back anything: what the header of each kind holds (write-codec.ts), and the check of it. */
import { decodeWrite, type Header } from './write-codec.js';
import type { HealthWrite, MetricsWrite, Write, WriteKind } from './writes.js';

/** What a value must be: a list has one shape for all its items; a field whose name ends in `?` may be missing. */
type Shape = 'number' | 'string' | 'boolean' | readonly [Shape] | { readonly [field: string]: Shape };

const RANGE = { min: 'number', max: 'number' } as const;
const METRIC = { min: 'number', max: 'number', average: 'number' } as const;
const RMS = { rms: 'number', min: 'number', max: 'number' } as const;
const SPAN = { target_event_start_timestamp_ms: 'number', target_event_end_timestamp_ms: 'number' } as const;
const INCIDENT: Shape = {
  ...{ event_id: 'number', box_id: 'string', location: 'string', source: 'string', 'incident_id?': 'number' },
  ...{ start_timestamp_ms: 'number', end_timestamp_ms: 'number', deviation_from_nominal: 'number' },
  ...{ measurement_type: 'string', ieee_duration: 'string', classifications: ['string'] },
  ...{ measurements: [{ box_id: 'string', timestamp_ms: 'number' }], metadata: {} },
};
const CALIBRATION = {
  'calibration_constant?': 'number',
  'nominal_voltage?': 'number',
  'nominal_frequency?': 'number',
} as const;
const LIVES = { 'acceptedAtMs?': 'number' } as const;

const SHAPES: Readonly<Record<WriteKind, Shape>> = {
  measurements: { ...LIVES, count: 'number' },
  trends: {
    ...LIVES,
    trends: [
      {
        ...{ box_id: 'string', timestamp_ms: 'number', location: 'string' },
        ...{ 'frequency?': METRIC, 'voltage?': METRIC, 'thd?': METRIC, 'transient?': METRIC },
        'flagged?': 'number',
        'unflagged?': { 'frequency?': RANGE, 'voltage?': RANGE, 'thd?': RANGE, 'transient?': RANGE },
      },
    ],
  },
  trend_windows: { ...LIVES, windows: [{ boxId: 'string', startMs: 'number', endMs: 'number' }] },
  aggregates: {
    ...LIVES,
    aggregates: [
      {
        ...{ box_id: 'string', timestamp_ms: 'number', window_seconds: 'number', location: 'string' },
        ...{ measurements: 'number', flagged: 'number', coverage: 'number' },
        'voltage?': RMS,
        'frequency?': { ...METRIC, 'ten_second?': ['number'] },
        'thd?': { ...RMS, 'three_second?': { step: 'number', from: 'number', counts: ['number'] } },
      },
    ],
  },
  event: {
    ...LIVES,
    event: {
      ...{ event_id: 'number', type: 'string', description: 'string', boxes_triggered: ['string'] },
      ...{ percent_magnitude: 'number', 'family?': 'number', 'request_data?': 'boolean', ...SPAN },
      'boxes_refused?': [{ reason: 'string', boxes: ['string'] }],
    },
  },
  series: {
    ...LIVES,
    values: [
      { plugin: 'string', series: 'string', box_id: 'string', timestamp_ms: 'number', value: 'number' },
    ],
  },
  plugin_state: { ...LIVES, state: { plugin: 'string', format: 'string', body: 'string' } },
  triggered_boxes: { ...LIVES, eventId: 'number', boxIds: ['string'] },
  box_event: {
    acceptedAtMs: 'number',
    boxEvent: {
      ...{ event_id: 'number', box_id: 'string', location: 'string', data_fs_filename: 'string' },
      ...{ event_start_timestamp_ms: 'number', event_end_timestamp_ms: 'number' },
      ...CALIBRATION,
    },
    ...{ cycles: 'number', samples: 'number' },
  },
  open_request: { ...LIVES, request: { key: 'string', body: 'string' } },
  closed_request: { ...LIVES, key: 'string' },
  incident: { ...LIVES, incident: INCIDENT, samples: 'number' },
  analysis: {
    ...LIVES,
    ...{ eventId: 'number', boxId: 'string', remarks: ['string'] },
    findings: [{ incident: INCIDENT, samples: 'number', 'supersedes?': ['number'] }],
    'judgedWith?': CALIBRATION,
  },
  incident_group: {
    ...LIVES,
    group: {
      ...{
        group_id: 'number',
        scope: 'string',
        'region?': 'string',
        incident_ids: ['number'],
        box_ids: ['string'],
      },
      ...{ boxes_heard: 'number', first_box: 'string', deepest_box: 'string', spread_ms: 'number' },
      ...{ spread_depth: 'number', from_measurements: ['string'], sentence: 'string' },
    },
  },
  metrics: {
    ...LIVES,
    document: { name: 'string', 'bytes?': 'number', 'sent?': 'number', 'recv?': 'number' },
  },
  health: {
    ...LIVES,
    finding: {
      timestamp: 'string',
      service: 'string',
      serviceID: 'string',
      status: 'string',
      info: 'string',
    },
  },
};

/** The write that was kept. @throws MakaiError STORE_DAMAGED for bytes that are no write */
export function decodeKeptWrite(bytes: Uint8Array): Write {
  return decodeWrite(bytes, check);
}

function check(header: Header): void {
  const { kind } = header;
  if (typeof kind !== 'string' || !Object.hasOwn(SHAPES, kind)) throw new RangeError('its kind is not known');
  checkShape(header, SHAPES[kind as WriteKind]);
  if (kind === 'metrics') checkTraffic(header as unknown as MetricsWrite);
  if (kind === 'health') checkFinding(header as unknown as HealthWrite);
}

function checkTraffic({ document }: MetricsWrite): void {
  const isWhole = 'bytes' in document || (document.sent !== undefined && document.recv !== undefined);
  if (!isWhole) throw new TypeError('the traffic is missing');
}

function checkFinding({ finding }: HealthWrite): void {
  const isKnown = finding.status === 'UP' || finding.status === 'DOWN';
  if (Number.isNaN(new Date(finding.timestamp).getTime()) || !isKnown)
    throw new TypeError('a field is wrong');
}

/** @throws TypeError for a value that has not this shape */
function checkShape(value: unknown, shape: Shape): void {
  if (typeof shape === 'string') {
    if (typeof value === shape) return;
  } else if (Array.isArray(shape)) {
    if (Array.isArray(value)) {
      for (const item of value) checkShape(item, shape[0]);
      return;
    }
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, wanted] of Object.entries(shape)) {
      const field = name.replace('?', '');
      const found = (value as Record<string, unknown>)[field];
      if (found !== undefined || name === field) checkShape(found, wanted);
    }
    return;
  }
  throw new TypeError('a field is missing or wrong');
}
