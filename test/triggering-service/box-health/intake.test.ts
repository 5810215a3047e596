/** The intake with simulated boxes and times: what plugins and the store see of a sick box. */
import assert from 'node:assert/strict';
import { silentLogger } from '../../../common/log.js';
import { Rejections } from '../../../common/rejections.js';
import { parseSettings } from '../../../config/index.js';
import { createColumns } from '../../../proto/columns.js';
import { triggerMessage } from '../../../proto/index.js';
import { References } from '../../../store/reference.js';
import { createRing, MAX_BATCH, RingReader } from '../../../stream/ring.js';
import { Intake } from '../../../triggering-service/ingest/intake.js';
import { RefusedIds } from '../../../triggering-service/ingest/refused-ids.js';
import { ManualClock } from '../../acquisition-broker/manual-clock.js';
import { type Arrival, arrivals } from './feed.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

class Rig {
  readonly clock = new ManualClock();
  readonly stored: [boxId: number, timeMs: number][] = [];
  readonly windows: number[] = [];
  readonly seen = new Map<number, number>();
  readonly codes: string[] = [];
  readonly intake: Intake;
  readonly #reader: RingReader;
  readonly #batch = createColumns(MAX_BATCH);
  readonly #startMs = this.clock.now();

  constructor() {
    const ring = createRing(64 * MAX_BATCH, 4096);
    this.#reader = new RingReader(ring, { batch: 0, row: 0 });
    this.intake = new Intake({
      settings: parseSettings('triggering-service', {}),
      references: new References(),
      ring,
      rejections: new Rejections(silentLogger(), this.clock),
      refusedIds: new RefusedIds(silentLogger()),
      trends: { closed: () => undefined, fromStore: ({ boxId }) => void this.windows.push(boxId) },
      location: () => '',
      boxHealth: {
        changed: (changes) => this.codes.push(...changes.map(({ finding }) => finding.code)),
        isUnplugged: () => false,
      },
      readers: { wake: () => this.#read() },
      writer: {
        add: ({ columns, from, to }) => {
          for (let row = from; row < to; row += 1)
            this.stored.push([columns.boxId[row] ?? 0, (columns.timestampMs[row] ?? 0) - this.#startMs]);
        },
      },
      clock: this.clock,
    });
  }

  /** Sends what the devices of each id send, in the order of arrival. */
  async send(series: readonly [boxId: number, Arrival[]][]): Promise<void> {
    const all = series.flatMap(([boxId, list]) => list.map((one) => ({ boxId, ...one })));
    let second = 0;
    for (const { atMs, boxId, frequency = 60, rms = 120, timeMs } of all.sort((a, b) => a.atMs - b.atMs)) {
      this.clock.advance(Math.max(0, this.#startMs + atMs - this.clock.now()));
      if (Math.floor(atMs / 1000) > second) {
        second = Math.floor(atMs / 1000);
        // Lets the intake hand on what it has, as between two reads of its socket.
        await new Promise((resolve) => setImmediate(resolve));
        this.intake.health.evaluate();
      }
      const time = this.#startMs + timeMs;
      this.intake.receive([
        Buffer.from(String(boxId)),
        triggerMessage.encode({ id: boxId, time, frequency, rms }),
      ]);
    }
    this.intake.finish();
  }

  #read(): void {
    for (let count = this.#reader.read(this.#batch); count > 0; count = this.#reader.read(this.#batch)) {
      for (const boxId of this.#batch.boxId.subarray(0, count))
        this.seen.set(boxId, (this.seen.get(boxId) ?? 0) + 1);
    }
  }
}

describe('triggering-service: sick boxes among healthy ones', () => {
  it('an id in use twice: all is stored, plugins see nothing of it while it lasts, and all of its neighbours', async () => {
    const rig = new Rig();
    const toMs = 3 * MINUTE;
    const one = arrivals({ periodMs: 1000 / 6, toMs });
    const clone = arrivals({ periodMs: 1000 / 6, toMs, fromMs: 43, rms: 230 });
    const neighbour = arrivals({ periodMs: 1000, toMs });
    await rig.send([
      [7, one],
      [7, clone],
      [8, neighbour],
    ]);
    assert.deepEqual(rig.codes, ['ID_IN_USE_TWICE']);
    assert.equal(rig.stored.length, one.length + clone.length + neighbour.length);
    assert.equal(rig.seen.get(8), neighbour.length);
    const withheld = rig.intake.health.withheldMeasurements;
    assert.ok(withheld > 900, `${withheld}`);
    assert.equal(rig.seen.get(7), one.length + clone.length - withheld);
    assert.equal(rig.intake.totals.accepted, rig.stored.length);
  });

  it('a clock an hour ahead: dropped by reason, and named in the box’s record', async () => {
    const rig = new Rig();
    const ahead = arrivals({ periodMs: 1000 / 6, toMs: MINUTE, offsetMs: HOUR });
    await rig.send([[7, ahead]]);
    assert.deepEqual(rig.codes, ['CLOCK_OFFSET']);
    assert.deepEqual(rig.intake.rejections.totals(), { time_in_the_future: ahead.length });
    const [record] = [...rig.intake.health.records(7)];
    assert.equal(record?.stream.dropped.time_in_the_future, ahead.length);
    assert.ok(Math.abs((record?.stream.clock_offset_ms ?? 0) - HOUR) < 1000);
    // A box that never got anything through counts as heard by nobody but its health.
    assert.deepEqual([...rig.intake.boxes.totals()], []);
  });
});
