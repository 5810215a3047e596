/** Live measurements, from the triggering broker's backend: of each box the newest, so often in a second as is wanted. A loss here costs a live value, never a record. */
import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { RecentMap } from '../../common/recent-map.js';
import { METRIC_FIELD, METRICS } from '../../proto/columns.js';
import { createColumns, decodeInto } from '../../proto/index.js';
import { BrokerStreams, type HeardBrokers } from '../../stream/brokers.js';
import type { CurveClientOptions } from '../../stream/stream-socket.js';
import type { MeasurementMessage } from '../documents/documents.js';
import { topicOf } from '../documents/topics.js';
import type { Message } from '../state/outbox.js';

/** A peer behind the broker can invent ids: the one that was heard longest ago is forgotten. */
const MOST_BOXES = 100_000;
/** A measurement that comes so much earlier than its turn has its turn: boxes do not keep exact time. */
const EARLY = 0.8;
/** So often a box is noted as heard: each time the map moves it to its end, and makes itself new after some thousand of these. */
const NOTED_MS = 10_000;

export interface LiveMeasurementsOptions {
  /** of each triggering broker */
  endpoints: readonly string[];
  curve: CurveClientOptions | undefined;
  /** of each box */
  perSecond: number;
  /** undefined: all */
  boxes: readonly string[] | undefined;
  onMessage: (message: Message) => void;
  clock: Clock;
  log: Logger;
}

/** No stream is opened where none is wanted. */
export class LiveMeasurements implements Running {
  readonly #options: LiveMeasurementsOptions;
  readonly #wanted: ReadonlySet<number> | undefined;
  readonly #columns = createColumns(1);
  /** by box, when its last one was published, and when that was noted (monotonic ms) */
  readonly #last = new RecentMap<number, { topic: string; ms: number; notedMs: number }>(MOST_BOXES);
  readonly #stream: BrokerStreams | undefined;
  received = 0;
  refused = 0;

  constructor(options: LiveMeasurementsOptions) {
    this.#options = options;
    const { boxes, curve, endpoints, log, perSecond } = options;
    this.#wanted = boxes === undefined ? undefined : new Set(boxes.map(Number));
    this.#stream =
      perSecond === 0
        ? undefined
        : new BrokerStreams({
            ...{ endpoints, curve, log },
            receiver: { receive: (frames) => this.receive(frames) },
          });
  }

  /** Which brokers are heard; undefined: no live measurements are wanted. */
  heard(): HeardBrokers | undefined {
    return this.#stream?.status();
  }

  /** As `heard`; undefined also while the sockets are new. */
  settled(): HeardBrokers | undefined {
    return this.#stream?.settled();
  }

  async stop(): Promise<void> {
    await this.#stream?.stop();
  }

  /** One message of the stream. */
  receive([, payload]: readonly Buffer[]): void {
    this.received += 1;
    if (payload === undefined || decodeInto(payload, this.#columns, 0) !== 0) {
      this.refused += 1;
      return;
    }
    const id = this.#columns.boxId[0] ?? 0;
    if (this.#wanted?.has(id) === false) return;
    const { clock, perSecond } = this.#options;
    const nowMs = clock.monotonic();
    const last = this.#last.get(id);
    if (last !== undefined && nowMs - last.ms < (EARLY * 1000) / perSecond) return;
    const box = last ?? { topic: topicOf('measurement', { box_id: id }), ms: 0, notedMs: -NOTED_MS };
    box.ms = nowMs;
    if (nowMs - box.notedMs >= NOTED_MS) {
      box.notedMs = nowMs;
      this.#last.set(id, box);
    }
    const { topic } = box;
    this.#options.onMessage({ topic, payload: JSON.stringify(this.#message(id)), retain: false });
  }

  #message(id: number): MeasurementMessage {
    const message: MeasurementMessage = {
      box_id: String(id),
      timestamp_ms: this.#columns.timestampMs[0] ?? 0,
    };
    for (const metric of METRICS) {
      const value = this.#columns[metric].average[0] ?? Number.NaN;
      // Seven digits are all that a float32 has.
      if (!Number.isNaN(value)) message[METRIC_FIELD[metric]] = Number(value.toPrecision(7));
    }
    return message;
  }
}
