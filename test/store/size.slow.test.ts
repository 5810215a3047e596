/** The figures of `makai store size`, measured on a real file. */
import assert from 'node:assert/strict';
import { MEASURED_BYTES } from '../../store/size.js';
import { DatabaseHandle } from '../../store/sqlite/handle.js';
import { boxEvent, columnsOf, counts, finding, newEvent, wholeAggregate } from './contract/given.js';
import { givenFiles } from './sqlite/files.js';
import type { Writes } from './writable.js';

const START = 1_790_000_000_000;

describe('store: the figures of its size', function () {
  this.timeout(400_000);
  const files = givenFiles();

  /** Bytes of one of `count` that `fill` writes. */
  async function measured(count: number, fill: (store: Writes) => Promise<unknown>): Promise<number> {
    const { file, open } = files();
    const store = await open({ thread: 'inline' });
    const used = (): number => {
      const db = new DatabaseHandle(file, { readonly: true });
      const [pages = 0, free = 0, size = 0] = ['page_count', 'freelist_count', 'page_size'].map((name) =>
        Number(db.pragma(name, { simple: true })),
      );
      db.close();
      return (pages - free) * size;
    };
    const before = used();
    await fill(store);
    return (used() - before) / count;
  }

  function assertNear(found: number, figure: number): void {
    assert.ok(Math.abs(found / figure - 1) < 0.1, `${found.toFixed(0)} bytes, not ${figure}`);
  }

  it('measurements', async () => {
    const metrics = (i: number): { [name: string]: [number, number, number] } => ({
      rms: [119 + i / 777, 120 + i / 777, 121 + i / 999],
      f: [59.9, 60 + i / 77_777, 60.1 + i / 1e7],
      thd: [0.01, 0.02 + i / 1e6, 0.03 + i / 1e6],
      trans: [0.1, 0.2 + i / 1e6, 0.3 + i / 1e6],
    });
    const found = await measured(60_000, async (store) => {
      for (let batch = 0; batch < 20; batch += 1) {
        const at = (i: number) => START + 5000 * batch + 166 * Math.floor(i / 100);
        const rows = Array.from({ length: 3000 }, (_, i) => ({
          box: 1001 + (i % 100),
          at: at(i),
          metrics: metrics(i),
        }));
        await store.insertMeasurements(columnsOf(rows));
      }
    });
    assertNear(found, MEASURED_BYTES.measurement);
  });

  it('trends', async () => {
    const metric = (i: number) => ({ min: 1.1, max: 2.2, average: 1.5 + i / 999 });
    const found = await measured(10_000, (store) =>
      store.putTrends(
        Array.from({ length: 10_000 }, (_, i) => ({
          ...{
            box_id: String(1001 + (i % 100)),
            timestamp_ms: START + 60_000 * Math.floor(i / 100),
            location: 'lab-3',
          },
          ...{ voltage: metric(i), frequency: metric(i), thd: metric(i), transient: metric(i) },
        })),
      ),
    );
    assertNear(found, MEASURED_BYTES.trend);
  });

  it('ten-minute values', async () => {
    // As the triggering service computes them: 60 values of frequency, and how 200 of THD are spread.
    const whole = (i: number) => {
      const document = wholeAggregate(String(1001 + (i % 10)), START + 600_000 * i, 118);
      const tenSecond = Array.from({ length: 60 }, (_, k) => 60 + Math.sin(i + k) / 77);
      const counts = Array.from({ length: 12 }, (_, k) => (i * k) % 40);
      return {
        ...document,
        frequency: { min: 59.9, max: 60.1, average: 60 + Math.sin(i) / 77, ten_second: tenSecond },
        thd: {
          rms: Math.sin(i) / 50,
          min: 0.01,
          max: 0.03,
          three_second: { step: 0.0005, from: 30, counts },
        },
      };
    };
    const found = await measured(2000, (store) =>
      store.putAggregates(Array.from({ length: 2000 }, (_, i) => whole(i))),
    );
    assertNear(found, MEASURED_BYTES.aggregate);
  });

  it('waveforms', async () => {
    const found = await measured(200, async (store) => {
      for (let id = 1; id <= 20; id += 1) {
        await store.insertEvent(newEvent(id, START));
        for (let box = 1001; box <= 1010; box += 1) {
          const times = Array.from({ length: 60 }, (_, i) => START + 17 * i);
          const document = { ...boxEvent(id, String(box), START), window_timestamps_ms: times };
          await store.putBoxEvent(document, counts(12_000, id), START);
        }
      }
    });
    assertNear(found, MEASURED_BYTES.waveform + 24_480);
  });

  it('incidents', async () => {
    const found = await measured(2000, async (store) => {
      for (let i = 0; i < 2000; i += 1)
        await store.putIncident(finding(-1, '7', START + 9000 * i, { measurement_type: 'VOLTAGE' }));
    });
    assertNear(found, MEASURED_BYTES.incident);
  });
});
