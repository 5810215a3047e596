/** Every real recording beside the project, imported into a store: what is known of each is found in what is stored, by its boxes' constants. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ImportBoxes } from '../../cli/import/boxes.js';
import { type FileOptions, importFile } from '../../cli/import/file.js';
import type { ImportedEvent } from '../../cli/import/into-store.js';
import { rms } from '../../signal/index.js';
import { openStore } from '../../store/open.js';
import type { BoxDocument, Store } from '../../store/store.js';
import { shared } from './support.js';

interface Stored {
  event: ImportedEvent;
  /** volts by the channel's name */
  volts: ReadonlyMap<string, Float64Array>;
}

const SAG_START = Date.UTC(2017, 10, 1, 10);

describe('formats: real recordings, imported', function () {
  this.timeout(120_000);
  let store: Store;
  beforeEach(async () => {
    store = await openStore('sqlite::memory:', { retention: { mode: 'ttl', measurementsSeconds: 86_400 } });
  });
  afterEach(() => store.close());

  async function imported(file: string, options: FileOptions = {}): Promise<Stored[]> {
    const boxes = new ImportBoxes(await store.boxes(), 1_000_000_000, options.calibration);
    const found: Stored[] = [];
    for await (const event of importFile(store, boxes, file, options, () => undefined)) {
      const volts = new Map<string, Float64Array>();
      for (const { box_id, channel } of event.boxes) {
        const [box, bytes] = [
          await store.box(box_id),
          await store.waveform(`event_${event.event_id}_${box_id}`),
        ];
        assert.ok(box !== undefined && bytes !== undefined);
        assert.deepEqual([box.kind, box.unplugged], ['import', true] satisfies [
          BoxDocument['kind'],
          boolean,
        ]);
        const counts = Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i));
        volts.set(
          channel,
          Float64Array.from(counts, (count) => count / box.calibration_constant),
        );
      }
      const original = await store.original(event.event_id);
      assert.ok(
        original?.files.some(({ bytes }) => readFileSync(file).equals(bytes)),
        'the original',
      );
      found.push({ event, volts });
    }
    return found;
  }

  /** RMS of each half cycle's window of one cycle. */
  function windows(volts: Float64Array | undefined, hz: number): number[] {
    const [size, values] = [12_000 / hz, volts ?? new Float64Array()];
    const count = Math.floor((2 * values.length) / size) - 1;
    return Array.from({ length: Math.max(0, count) }, (_, i) =>
      rms(values, Math.round((i * size) / 2), Math.round((i * size) / 2 + size)),
    );
  }
  const median = (values: readonly number[]): number =>
    [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
  const peak = (volts: Float64Array | undefined): number =>
    (volts ?? new Float64Array()).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

  it('opq-box/event_9354_1 and _4: the counts as they are; sags to 0.836 and 0.912 pu', async function () {
    for (const [name, calibration, pu] of [
      ['event_9354_1', 147.06, 0.836],
      ['event_9354_4', 144.93, 0.912],
    ] as const) {
      const file = shared(this, `opq-box/${name}`);
      await assert.rejects(imported(file), /For raw 16-bit counts|is no recording that can be read/);
      const [one] = await imported(file, { calibration, startMs: SAG_START });
      const stored = await store.waveform(`event_${one?.event.event_id}_${one?.event.boxes[0]?.box_id}`);
      assert.ok(stored?.equals(readFileSync(file).subarray(0, stored.length)));
      const levels = windows(one?.volts.get('raw'), 60);
      assert.ok(Math.abs(Math.min(...levels) / median(levels) - pu) < 0.006, `${Math.min(...levels)}`);
    }
  });

  it('comtrade/dips_and_swells: phase B sags to 0.59 to 0.64 pu, C swells to 1.45 pu, at 12 kHz', async function () {
    const [one] = await imported(shared(this, 'comtrade/dips_and_swells.cfg'));
    assert.deepEqual([...(one?.volts.keys() ?? [])], ['UA', 'UB', 'UC', '3U0']);
    const [b, c] = ['UB', 'UC'].map((name) => windows(one?.volts.get(name), 50));
    const nominal = 100 / Math.sqrt(3);
    const [lowest, highest] = [Math.min(...(b ?? [])) / nominal, Math.max(...(c ?? [])) / nominal];
    assert.ok(lowest > 0.56 && lowest < 0.65, `B falls to ${lowest} pu`);
    assert.ok(Math.abs(highest - 1.45) < 0.03, `C rises to ${highest} pu`);
    const locations = new Set(one?.event.boxes.map(({ location }) => location));
    assert.equal(locations.size, 1);
  });

  it('comtrade/keating_1999: from 30,707 Hz, four voltages, four currents left in the original', async function () {
    const [one] = await imported(shared(this, 'comtrade/keating_1999.CFG'));
    assert.deepEqual(one?.event.not_imported, ['I1', 'I2', 'I3', 'I4']);
    assert.equal(new Date(one?.event.start_ms ?? 0).toISOString().slice(0, 10), '2015-11-18');
    const peaks = ['U1', 'U2', 'U3'].map((name) => peak(one?.volts.get(name)));
    // The impulse is shorter than a sample at 12 kHz, so less of its 581 V is left; the wave itself has 490 V.
    assert.ok(Math.max(...peaks) > 495 && Math.max(...peaks) < 600, String(peaks));
    const levels = windows(one?.volts.get('U2'), 60);
    assert.ok(Math.abs(median(levels) / 347 - 1) < 0.05, String(median(levels)));
  });

  it('comtrade-variants/ascii_cff_2013.cff: names in GBK, the three phases of a bus at 60.1 V, the samples that are there', async function () {
    const [one] = await imported(shared(this, 'comtrade-variants/ascii_cff_2013.cff'));
    assert.equal(new Date(one?.event.start_ms ?? 0).toISOString().slice(0, 19), '2023-05-12T19:45:25');
    const bus = ['220kV母线_Ua', '220kV母线_Ub', '220kV母线_Uc'].map((name) => one?.volts.get(name));
    for (const volts of bus) {
      assert.ok(Math.abs(peak(volts) - 85.1) < 1, String(peak(volts)));
      // 186 samples at 10 kHz
      assert.ok(Math.abs((volts?.length ?? 0) - 223) <= 23, String(volts?.length));
    }
    assert.ok(
      (one?.event.not_imported.length ?? 0) > 20,
      'currents and digital channels stay in the original',
    );
  });

  it('pqdif/example.pqd: 20 captures, sags to 0.85 pu, switching to 1.37 pu; again: nothing new', async function () {
    const file = shared(this, 'pqdif/example.pqd');
    const all = await imported(file);
    assert.equal(all.length, 20);
    assert.equal(new Set(all.map(({ event }) => event.event_id)).size, 20);
    assert.equal((await store.boxes()).length, 3);
    let lowest = 1;
    let highest = 0;
    for (const { event, volts } of all) {
      assert.equal(new Date(event.start_ms).getUTCFullYear(), 1999);
      for (const values of volts.values()) {
        const levels = windows(values, 60);
        // ends of a capture feel the mirror image beyond them
        lowest = Math.min(lowest, Math.min(...levels) / 34_000);
        highest = Math.max(highest, peak(values) / (34_500 * Math.SQRT2));
      }
    }
    assert.ok(Math.abs(lowest - 0.85) < 0.02, `lowest ${lowest} pu`);
    assert.ok(Math.abs(highest - 1.37) < 0.05, `highest ${highest} pu`);
    const again = await imported(file);
    assert.ok(again.every(({ event }) => event.duplicate));
    assert.deepEqual(
      again.map(({ event }) => event.event_id),
      all.map(({ event }) => event.event_id),
    );
  });
});
