/** One good request for every operation, and the status that it gets, on what `fill` puts into the store. */
import type { OperationName } from '../../web-service/api/operations.js';
import { START } from './given.js';

export interface Example {
  path: string;
  body?: unknown;
  status: number;
}

/** They take seconds: the broker that is asked is not there, or another program is run. Checked in stores.slow.test.ts. */
export const SLOW: readonly OperationName[] = ['requestEvent', 'getDiagnosis'];

const from = START - 1000;
const to = START + 7_200_000;

/** In this order: some change what others read. */
export const EXAMPLES: Readonly<Record<OperationName, Example>> = {
  listBoxes: { path: '/boxes', status: 200 },
  getBox: { path: '/boxes/1', status: 200 },
  addBox: { path: '/boxes', body: { box_id: '7', name: 'attic', calibration_constant: 2.5 }, status: 201 },
  changeBox: { path: '/boxes/7', body: { name: null, location: 'roof', nominal_voltage: 230 }, status: 200 },
  listBoxHealth: { path: '/box-health', status: 200 },
  getBoxHealth: { path: '/boxes/1/health', status: 200 },
  listBoxFindings: { path: `/boxes/1/findings?from=${from}&to=${to}&limit=1`, status: 200 },
  listLocations: { path: '/locations', status: 200 },
  putLocation: { path: '/locations/roof', body: { coordinates: [8.5, 47.4] }, status: 200 },
  listMeasurements: { path: `/boxes/1/measurements?from=${from}&to=${to}&limit=10`, status: 200 },
  listTrends: { path: '/boxes/1/trends?order=oldest', status: 200 },
  listAggregates: { path: '/boxes/1/aggregates?window_seconds=600', status: 200 },
  getChart: { path: `/boxes/1/chart?from=${from}&to=${to}&points=100`, status: 200 },
  listSeriesNames: { path: '/series', status: 200 },
  listSeries: { path: '/boxes/1/series?plugin=p&series=s', status: 200 },
  getSeriesChart: { path: `/boxes/1/series/chart?plugin=p&series=s&from=${from}&to=${to}`, status: 200 },
  exportValues: {
    path: `/boxes/1/export?kind=trends&format=csv&from=${from}&to=${to}`,
    status: 200,
  },
  listEvents: { path: '/events?box=1&class=VOLTAGE_SAG', status: 200 },
  requestEvent: { path: '/events', body: { from_ms: from, to_ms: from + 1000 }, status: 504 },
  getEvent: { path: '/events/1', status: 200 },
  exportEvent: { path: '/events/1/export?format=comtrade', status: 200 },
  getBoxEvent: { path: '/events/1/boxes/1', status: 200 },
  getWaveform: { path: '/events/1/boxes/1/waveform?format=json&points=100', status: 200 },
  getRms: { path: '/events/1/boxes/1/rms', status: 200 },
  getSpectrum: { path: '/events/1/boxes/1/spectrum', status: 200 },
  listIncidents: { path: '/incidents?location=lab&min_duration_s=0.1&max_magnitude_pu=0.9', status: 200 },
  exportIncidents: { path: '/incidents/export?format=ndjson', status: 200 },
  getIncident: { path: '/incidents/1', status: 200 },
  annotateIncident: { path: '/incidents/1/annotations', body: { remark: ' a tree ' }, status: 201 },
  getReport: { path: `/report?from=${from}&to=${to}&box=1`, status: 200 },
  listAlerts: { path: `/alerts?open=true&limit=10&from=${from}`, status: 200 },
  getAlert: { path: '/alerts/outage-1', status: 200 },
  changeAlert: { path: '/alerts/outage-1', body: { acknowledged: true, silence_s: 3600 }, status: 200 },
  getRules: { path: '/rules', status: 200 },
  setRules: {
    path: '/rules',
    body: {
      filters: [{ topic: 'a/#', subtopic: 'low', statements: [{ condition: '$v < 1', new_payload: '' }] }],
      rules: [],
    },
    status: 200,
  },
  changeRules: { path: '/rules', body: { rules: [] }, status: 200 },
  removeRules: { path: '/rules', status: 204 },
  getStatus: { path: '/status', status: 200 },
  live: { path: '/live?topics=events&per_second=1', status: 200 },
  getDiagnosis: { path: '/doctor', status: 200 },
  listKeys: { path: '/keys', status: 200 },
  listPendingKeys: { path: '/keys/pending', status: 200 },
  acceptKey: {
    path: '/keys/accept',
    body: { public_key: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7', box_id: '7' },
    status: 201,
  },
  revokeKey: { path: '/keys/revoke', body: { box_id: '7' }, status: 200 },
  getSession: { path: '/session', status: 200 },
  logIn: { path: '/session', body: { name: 'x', password: 'y' }, status: 200 },
  logOut: { path: '/session', status: 204 },
  changeOwnPassword: {
    path: '/session/password',
    body: { old_password: 'x', new_password: '0123456789' },
    status: 403,
  },
  listUsers: { path: '/users', status: 200 },
  addUser: { path: '/users', body: { name: 'ada', role: 'admin', password: '0123456789' }, status: 201 },
  changeUser: { path: '/users/ada', body: { password: 'abcdefghijk' }, status: 200 },
  removeUser: { path: '/users/ada', status: 403 },
  listTokens: { path: '/tokens', status: 200 },
  addToken: { path: '/tokens', body: { name: 'script' }, status: 403 },
  removeToken: { path: '/tokens/abc', status: 404 },
};
