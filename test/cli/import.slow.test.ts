/** `makai import`: boxes, events, box events and originals, in both stores; what is refused, and what is done once only. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImportBoxes } from '../../cli/import/boxes.js';
import { type FileOptions, importFile } from '../../cli/import/file.js';
import type { ImportedEvent } from '../../cli/import/into-store.js';
import { summarizeWaveform } from '../../cli/waveform-summary.js';
import { writeComtrade } from '../../formats/comtrade/index.js';
import { momentFromMs, type Recording } from '../../formats/index.js';
import { copyStore, emptyPosition } from '../../store/copy.js';
import { openStore } from '../../store/open.js';
import { originalHash } from '../../store/originals.js';
import type { Store } from '../../store/store.js';
import { givenMongo } from '../support/mongo-server.js';
import { makai } from './run-process.js';

const START = Date.UTC(2026, 10, 1, 10);
const RATE = 7680;

/** Two voltages and a current of half a second at 7,680 Hz; the second voltage sags to 0.6 pu in its middle. */
function recording(peak = 170): Recording {
  const count = RATE / 2;
  const wave = (phase: number, sag: boolean) =>
    Int16Array.from({ length: count }, (_, i) => {
      const t = i / RATE;
      const factor = sag && t >= 0.2 && t < 0.3 ? 0.6 : 1;
      return Math.round(20_000 * factor * Math.sin(2 * Math.PI * 60 * t + phase));
    });
  const time = { kind: 'rates' as const, startS: 0, sections: [{ count, rateHz: RATE }] };
  const common = { phase: '', component: '', offset: 0, time, skewS: 0 };
  return {
    name: '',
    station: 'Mill Lane 4',
    device: 'R1',
    start: momentFromMs(START),
    nominalFrequencyHz: 60,
    analog: [
      { ...common, name: 'VA', unit: 'V', samples: wave(0, false), scale: peak / 20_000 },
      { ...common, name: 'VB', unit: 'V', samples: wave(2, true), scale: peak / 20_000 },
      { ...common, name: 'IA', unit: 'A', samples: wave(0, false), scale: 1e-3 },
    ],
    digital: [],
    series: [],
    metadata: {},
  };
}

const RETENTION = { mode: 'ttl' as const, measurementsSeconds: 86_400 };

function givenFolder(): () => { folder: string; cff(name: string, peak: number): string } {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-import-'));
    for (const { extension, bytes } of writeComtrade(recording()))
      writeFileSync(join(folder, `sag${extension}`), bytes);
  });
  after(() => rmSync(folder, { recursive: true }));
  return () => ({
    folder,
    cff(name, peak) {
      const [cff] = writeComtrade(recording(peak), { single: true });
      writeFileSync(join(folder, name), cff?.bytes ?? '');
      return join(folder, name);
    },
  });
}

for (const kind of ['SQLite', 'MongoDB'] as const) {
  describe(`import into ${kind}`, function () {
    this.timeout(400_000);
    const given = givenFolder();
    const server = kind === 'MongoDB' ? givenMongo() : undefined;
    let store: Store;

    before(async () => {
      const url = server === undefined ? 'sqlite::memory:' : `${server().uri}/makai_import_${process.pid}`;
      store = await openStore(url, { retention: RETENTION });
    });
    after(() => store?.close());

    async function imported(file: string, options: FileOptions = {}): Promise<ImportedEvent> {
      const boxes = new ImportBoxes(await store.boxes(), 1_000_000_000, options.calibration);
      const events = [];
      for await (const event of importFile(store, boxes, file, options, () => undefined)) events.push(event);
      const [event] = events;
      assert.ok(event !== undefined && events.length === 1);
      return event;
    }

    it('a COMTRADE recording becomes boxes of one location and an event; imported twice it is there once', async () => {
      const one = await imported(join(given().folder, 'sag.cfg'));
      const other = await imported(join(given().folder, 'sag.dat'));
      assert.deepEqual([one.duplicate, other.duplicate], [false, true]);
      assert.deepEqual({ ...one, duplicate: true, file: '' }, { ...other, file: '' });
      assert.deepEqual(one.not_imported, ['IA']);
      const boxes = await store.boxes();
      assert.deepEqual(
        boxes.map(({ box_id, name, location, unplugged, kind: of }) => [
          box_id,
          name,
          location,
          unplugged,
          of,
        ]),
        [
          ['1000000000', 'Mill Lane 4 VA', 'mill-lane-4', true, 'import'],
          ['1000000001', 'Mill Lane 4 VB', 'mill-lane-4', true, 'import'],
        ],
      );
      const event = await store.event(one.event_id);
      assert.deepEqual(event?.boxes_received, ['1000000000', '1000000001']);
      const boxEvents = await store.boxEvents(one.event_id);
      assert.deepEqual(
        boxEvents.map(({ window_timestamps_ms: times, location }) => [times.length, times[0], location]),
        [
          [30, START + 17, 'mill-lane-4'],
          [30, START + 17, 'mill-lane-4'],
        ],
      );
      const minima = [];
      for (const boxEvent of boxEvents) minima.push((await summarizeWaveform(store, boxEvent)).rms_min);
      const [a = 0, b = 0] = minima;
      assert.ok(Math.abs(a - 170 / Math.SQRT2) < 0.1 && Math.abs(b - 0.6 * a) < 0.3, String(minima));
    });

    it('the original is kept byte for byte, also by a copy of the store', async () => {
      const copy = await openStore('sqlite::memory:', { retention: RETENTION });
      try {
        await copyStore(store, copy, emptyPosition(), {
          onProgress: () => undefined,
          save: async () => undefined,
        });
        for (const one of [store, copy]) {
          const original = await one.original(1);
          assert.deepEqual(
            original?.files.map(({ name }) => name),
            ['sag.cfg', 'sag.dat'],
          );
          for (const { name, bytes } of original?.files ?? [])
            assert.ok(readFileSync(join(given().folder, name)).equals(bytes), name);
        }
        assert.equal((await copy.box('1000000001'))?.kind, 'import');
      } finally {
        await copy.close();
      }
    });

    it('an import that was broken off is completed by the next one', async () => {
      const file = given().cff('broken.cff', 171);
      const files = [{ name: 'broken.cff', bytes: readFileSync(file) }];
      const [event_id = 0] = await store.nextEventIds(1);
      await store.putOriginal({ event_id, sha256: originalHash(files), recording: 1, files });
      const event = await imported(file);
      assert.deepEqual([event.event_id, event.duplicate], [event_id, false]);
      assert.equal((await store.boxEvents(event_id)).length, 2);
    });

    it('a recording that the box of the channel cannot hold gets another box of the same location', async () => {
      await imported(given().cff('loud.cff', 2000));
      const boxes = (await store.boxes()).filter(({ name }) => name?.endsWith('(2)'));
      assert.deepEqual(
        boxes.map(({ location }) => location),
        ['mill-lane-4', 'mill-lane-4'],
      );
    });

    it('into boxes that are named, with a calibration constant; an existing box keeps its own', async () => {
      const file = given().cff('own.cff', 169);
      await assert.rejects(imported(file, { boxIds: ['7'] }), /has 2 voltages: VA, VB/);
      const { boxes } = await imported(file, { boxIds: ['7'], channel: 'VB', calibration: 100 });
      const expected = { box_id: '7', channel: 'VB', location: 'mill-lane-4', calibration_constant: 100 };
      assert.deepEqual(boxes, [expected]);
      const loud = given().cff('own-loud.cff', 999);
      await assert.rejects(imported(loud, { boxIds: ['7'], channel: 'VB' }), {
        code: 'RECORDING_INVALID',
        message: /own-loud\.cff: channel VB has samples that do not fit 16 bits at 100 counts per volt/,
      });
    });
  });
}

describe('cli: import', function () {
  this.timeout(400_000);
  const given = givenFolder();

  it('imports, says what it left out, gives the original back; a bad file is named and keeps no other out', async () => {
    const { folder } = given();
    const url = `sqlite:${join(folder, 'makai.db')}`;
    await (await openStore(url, { retention: RETENTION })).close();
    const csv = join(folder, 'a.csv');
    const lines = Array.from({ length: 2000 }, (_, i) => `${i / 10_000},${Math.sin(i / 26.5).toFixed(4)}`);
    writeFileSync(csv, `time (s),ch1 (V)\n${lines.join('\n')}\n`);
    const files = [join(folder, 'missing.cfg'), csv, join(folder, 'sag.cfg')];
    const { code, stdout, stderr } = await makai(['import', ...files, '--store', url]);
    assert.equal(code, 1);
    assert.match(stdout, /sag\.cfg +1 .* 1000000000 \(VA\), 1000000001 \(VB\) +IA/);
    assert.match(stderr, /missing\.cfg: cannot be read/);
    assert.match(stderr, /a\.csv: does not say when it was recorded/);
    assert.match(stderr, /RECORDING_INVALID.*2 of 3 files were not imported/);
    const out = join(folder, 'out');
    const exported = await makai(['events', 'export', '1', '--original', '--out', out, '--store', url]);
    assert.deepEqual([exported.code, exported.stderr], [0, '']);
    assert.deepEqual(readdirSync(out).sort(), ['sag.cfg', 'sag.dat']);
    for (const name of readdirSync(out))
      assert.ok(readFileSync(join(out, name)).equals(readFileSync(join(folder, name))), name);
  });
});
