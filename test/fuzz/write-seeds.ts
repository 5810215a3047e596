/** Writes the seeds with our own encoders and fixed values, so that the files change only when an encoder does. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatPublicCertificate } from '../../keys/certificate.js';
import * as proto from '../../proto/index.js';
import { assemble, pluginText } from '../plugin-host/wat.js';
import { SEED_FOLDER, type Seed, type SeedKind } from './seeds.js';

const NOW = 1_700_000_000_000;
/** Public key of a pair that nobody uses. */
const PUBLIC_KEY = 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID';

const text = (value: string): Uint8Array => Buffer.from(value, 'utf8');

function waveform(cycles: number, samplesEach: number): proto.Waveform {
  const samples = Int16Array.from({ length: cycles * samplesEach }, (_, i) =>
    Math.round(16_000 * Math.sin((2 * Math.PI * i) / samplesEach)),
  );
  const indexes = Array.from({ length: cycles }, (_, i) => i);
  return {
    timesMs: indexes.map((i) => NOW + Math.floor((i * 50) / 3)),
    cycleLengths: indexes.map(() => samplesEach),
    samples,
  };
}

const metric = (value: number): proto.MetricValues => ({ min: value - 1, max: value + 1, average: value });
const trigger = { id: 1001, time: NOW, frequency: 60, rms: 120 };
const resp: proto.RequestDataMessage = {
  type: 'RESP',
  sequenceNumber: 7,
  boxId: 1001,
  time: NOW,
  back: NOW,
  forward: NOW + 200,
};
const event: proto.RequestEventMessage = {
  startMs: NOW,
  endMs: NOW + 2000,
  triggerType: 'VOLTAGE_SAG',
  percentMagnitude: 7,
  boxIds: [1001, 1002],
  requestee: 'fuzz',
  description: 'a sag',
  requestData: true,
};
const command = (identity: string, body: proto.CommandBody): Uint8Array =>
  proto.command.encode({ seq: 0, boxId: 1002, timestampMs: NOW, identity, body });
const answer = (body: proto.ResponseBody): Uint8Array =>
  proto.response.encode({ boxId: 1002, seq: 77, timestampMs: NOW, body });
const info: proto.ResponseBody = {
  kind: 'info',
  macAddr: '',
  wifiNetwork: '',
  ip: '127.0.0.1\n',
  uptime: 60,
  calibrationConstant: 0,
  pubKey: PUBLIC_KEY,
  measurementRate: 60,
};
const data = { startMs: NOW, endMs: NOW + 1000, wait: false, kind: 'data' } as const;
const http = (line: string): Uint8Array => text(`${line}\r\nHost: localhost\r\n\r\n`);
/** The greeting of ZMTP 3.1 (RFC 37), mechanism CURVE or NULL, as a client. */
const greeting = (mechanism: string): Uint8Array => {
  const bytes = Buffer.alloc(64);
  bytes.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]);
  bytes.write(mechanism, 12, 'latin1');
  return bytes;
};
const commandFrame = (name: string, rest: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.of(4, 1 + name.length + rest.length, name.length), text(name), rest]);

const SEEDS: Record<SeedKind, [what: string, ...frames: Uint8Array[]][]> = {
  stream: [
    [
      'TriggerMessage, all fields',
      text('1001'),
      proto.triggerMessage.encode({ ...trigger, thd: 0.02, lastGps: 1, currentCount: 2, flags: 3 }),
    ],
    [
      'TriggerMessage of a dead input',
      text('1001'),
      proto.triggerMessage.encode({ ...trigger, frequency: Infinity, rms: 0, thd: Number.NaN }),
    ],
    [
      'Measurement, four metrics',
      text('1002'),
      proto.measurement.encode({
        boxId: 1002,
        timestampMs: NOW,
        metrics: { f: metric(60), rms: metric(120), thd: metric(0.02), trans: metric(3) },
      }),
    ],
    [
      'Measurement of its first seconds',
      text('1002'),
      proto.measurement.encode({
        boxId: 1002,
        timestampMs: NOW,
        metrics: { rms: metric(120), thd: metric(0.02) },
      }),
    ],
    [
      'Measurement without metrics',
      text('0007'),
      proto.measurement.encode({ boxId: 7, timestampMs: NOW, metrics: {} }),
    ],
    [
      'Measurement with an unknown metric',
      text('0007'),
      proto.measurement.encode({ boxId: 7, timestampMs: NOW, metrics: { 'a name': metric(1) } }),
    ],
  ],
  request: [
    ['RequestEventMessage', proto.requestEvent.encode(event)],
    [
      'RequestEventMessage to every box, no waveforms',
      proto.requestEvent.encode({ ...event, boxIds: [], requestData: false }),
    ],
    ['READ', proto.requestData.encode({ ...resp, type: 'READ' })],
    ['Command for data, stored', command('data_token_fuzz', data)],
    ['Command for data, routed', command('mauka_token_1002', data)],
    ['GetInfoCommand', command('maukainfo_x_0', { kind: 'info' })],
    [
      'Command for the measurement rate',
      command('maukarate_x_1', { kind: 'samplingRate', measurementWindowCycles: 60 }),
    ],
    ['SendCommandToPlugin', command('viewer_1', { kind: 'plugin', pluginName: 'p', message: 'm' })],
    ['Command without identity', command('', { kind: 'info' })],
  ],
  reply: [
    ['PONG', proto.requestData.encode({ type: 'PONG', sequenceNumber: 1, boxId: 1001, time: NOW })],
    [
      'RESP, two blocks of small cycles',
      proto.requestData.encode(resp),
      proto.encodeCycles2(1001, waveform(3, 5)),
      proto.encodeCycles2(1001, waveform(1, 4)),
    ],
    [
      'RESP, a cycle of full size',
      proto.requestData.encode(resp),
      proto.encodeCycles2(1001, waveform(1, 200)),
    ],
    ['RESP, header alone', proto.requestData.encode(resp)],
    ['ERROR', proto.requestData.encode({ ...resp, type: 'ERROR' })],
    [
      'Response with data',
      answer({ kind: 'data', startTs: NOW, endTs: NOW + 33 }),
      ...proto.encodeCycles3(waveform(3, 6)),
    ],
    [
      'Response with a packed cycle',
      answer({ kind: 'data', startTs: NOW, endTs: NOW }),
      Buffer.from('0a04010203041080d095ffbc31', 'hex'),
    ],
    ['Response without data', answer({ kind: 'data', startTs: 0, endTs: 0 })],
    ['GetInfoResponse', answer(info)],
    ['SetMeasurementRateResponse', answer({ kind: 'samplingRate', oldRateCycles: 60 })],
    ['SendCommandToPluginResponse', answer({ kind: 'plugin', ok: true })],
  ],
  subscription: [
    ['to everything', Uint8Array.of(1)],
    ['no longer', Uint8Array.of(0)],
    ['to a box', text('\u00011002')],
    ['no longer to it', text('\u00001002')],
    ['not of a box', text('\u0001evget')],
  ],
  number: [['nothing'], ['a name', text('mauka')], ['the word that ended the original', text('exit')]].map(
    ([what, frame]) => [what as string, (frame as Uint8Array | undefined) ?? new Uint8Array()],
  ),
  http: [
    ['status', http('GET /status HTTP/1.1')],
    ['metrics', http('GET /metrics HTTP/1.1')],
    ['another method', http('POST /status HTTP/1.1')],
    [
      'chunks',
      text('GET /status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n'),
    ],
    ['upgrade', text('GET /status HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')],
  ],
  zmtp: [
    ['greeting, CURVE', greeting('CURVE')],
    ['greeting and HELLO', greeting('CURVE'), commandFrame('HELLO', Buffer.alloc(194, 1))],
    [
      'greeting, NULL',
      greeting('NULL'),
      commandFrame('READY', text('\u000bSocket-Type\u0000\u0000\u0000\u0003PUB')),
    ],
    ['greeting, PLAIN', greeting('PLAIN')],
    ['ZMTP 1', Uint8Array.of(1, 0), Uint8Array.of(5, 0, 1, 2, 3, 4)],
    ['a web client', http('GET / HTTP/1.1')],
  ],
  wasm: [
    ['a memory and no more', Buffer.from('0061736d010000000503010002', 'hex')],
    ['a plugin that asks for nothing', assemble(pluginText())],
  ],
  certificate: [['public', text(formatPublicCertificate({ boxId: '1001', publicKey: PUBLIC_KEY }))]],
  config: [
    [
      'plugins',
      text(
        JSON.stringify({ store: 'sqlite:/tmp/x', plugins: [{ path: 'threshold', reference_voltage: 120 }] }),
      ),
    ],
    [
      'limits',
      text(
        JSON.stringify({ backend: 'tcp://127.0.0.1:*', client_certs: '/x', limits: { message_bytes: 4096 } }),
      ),
    ],
  ],
  zap: [['CURVE', ...['1.0', '1', 'global', '127.0.0.1', '', 'CURVE'].map(text), Buffer.alloc(32, 7)]],
  'open-request': [
    [
      'an event',
      text(
        JSON.stringify({
          version: 2,
          acceptedAtMs: NOW,
          window: { startMs: 1, endMs: 2 },
          event: {
            event_id: 1,
            description: '',
            boxes_triggered: ['1'],
            target_event_start_timestamp_ms: 1,
            target_event_end_timestamp_ms: 2,
            type: 'OTHER',
            percent_magnitude: 0,
          },
          noticeText: 'x',
          everyone: false,
          asks: [{ boxId: 1, numbers: { box2: 1, box3: 6 } }],
        }),
      ),
    ],
  ],
  'plugin-request': [
    [
      'a request',
      text(
        JSON.stringify({
          startMs: 1,
          endMs: 2,
          boxIds: [1],
          triggerType: 'OTHER',
          percentMagnitude: 1,
          description: 'x',
          requestData: true,
        }),
      ),
    ],
  ],
};

/** Writes the files; seeds/found.json is left alone. */
export function writeSeeds(): void {
  for (const [kind, seeds] of Object.entries(SEEDS) as [SeedKind, (typeof SEEDS)[SeedKind]][]) {
    const documents: Seed[] = seeds.map(([what, ...frames]) => ({
      what,
      kind,
      frames_hex: frames.map((frame) => Buffer.from(frame).toString('hex')),
    }));
    writeFileSync(join(SEED_FOLDER, `${kind}.json`), `${JSON.stringify(documents, null, 2)}\n`);
  }
}
