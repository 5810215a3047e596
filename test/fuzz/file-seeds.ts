/** Small recordings and documents in formats of one file, as seeds: made by our writers, so that they always are what those write today. */
import { momentFromMs } from '../../formats/moment.js';
import { ndjsonLine } from '../../formats/ndjson/index.js';
import { DocumentTable, WaveformTable } from '../../formats/parquet/index.js';
import { writePqdif } from '../../formats/pqdif/index.js';
import { writePqds } from '../../formats/pqds/index.js';
import type { Recording, TimeBase } from '../../formats/recording.js';

export const FILE_SEEDS = ['pqdif', 'pqds', 'parquet', 'ndjson'] as const;
export type FileSeeds = (typeof FILE_SEEDS)[number];

const TIME: TimeBase = { kind: 'rates', startS: 0, sections: [{ count: 40, rateHz: 12_000 }] };
const SECONDS = Float64Array.of(0, 60, 120);
const CHANNEL = { phase: 'A', component: 'oahu', scale: 0.0068, offset: 0.5, time: TIME, skewS: 0 };

const RECORDING: Recording = {
  name: 'event 7',
  station: 'oahu',
  device: '1001',
  start: momentFromMs(1_509_577_000_000),
  trigger: momentFromMs(1_509_577_000_010),
  nominalFrequencyHz: 60,
  analog: [
    { ...CHANNEL, name: 'U1', unit: 'V', samples: Int16Array.from({ length: 40 }, (_, i) => 100 * i) },
    { ...CHANNEL, name: 'I1', unit: 'A', samples: Float32Array.from({ length: 40 }, (_, i) => i / 7) },
  ],
  digital: [
    { name: 'trip', phase: '', component: '', normal: 0, states: new Uint8Array(40).fill(1, 9), time: TIME },
  ],
  series: (['min', 'max', 'average'] as const).map((statistic) => ({
    name: 'voltage',
    phase: 'A',
    component: '',
    unit: 'V',
    statistic,
    values: Float64Array.of(119, 120, 121),
    seconds: SECONDS,
  })),
  metadata: {},
};

const EVENT = {
  event_id: 7,
  type: 'VOLTAGE',
  description: 'sag',
  boxes_triggered: ['1001', '1002'],
  boxes_received: ['1001'],
  latencies_ms: [1_509_577_001_000],
  target_event_start_timestamp_ms: 1_509_577_000_000,
  target_event_end_timestamp_ms: 1_509_577_000_500,
  expire_at: 1_512_169_000,
};

export function fileSeeds(kind: FileSeeds): Uint8Array[] {
  switch (kind) {
    case 'pqdif':
      // Compressed bodies hide what is damaged in them behind a checksum.
      return [false, false, true].map((compress, i) =>
        writePqdif(i === 1 ? [{ ...RECORDING, analog: [], digital: [] }] : [RECORDING], {
          created: momentFromMs(1_509_577_000_000),
          fileName: 'x.pqd',
          compress,
        }),
      );
    case 'pqds':
      return writePqds(RECORDING).map(({ bytes }) => bytes);
    case 'parquet':
      return (['UNCOMPRESSED', 'GZIP'] as const).flatMap((codec) => [waveforms(codec), events(codec)]);
    case 'ndjson':
      return [Buffer.from([EVENT, { ...EVENT, event_id: 8 }].map(ndjsonLine).join(''))];
  }
}

function waveforms(codec: 'UNCOMPRESSED' | 'GZIP'): Uint8Array {
  const table = new WaveformTable({ codec, rowsAGroup: 50 });
  for (const box_id of ['1001', '1002']) {
    table.append({
      event_id: 7,
      box_id,
      location: 'oahu',
      calibration_constant: 147.06,
      startUs: 1_509_577_000_000_000,
      stepUs: 250 / 3,
      counts: Int16Array.from({ length: 40 }, (_, i) => Math.round(17_000 * Math.sin(i))),
    });
  }
  return table.finish();
}

function events(codec: 'UNCOMPRESSED' | 'GZIP'): Uint8Array {
  const table = new DocumentTable('events', { codec });
  table.append(EVENT);
  table.append({ ...EVENT, event_id: 8, latencies_ms: undefined, type: undefined });
  return table.finish();
}
