/** Hears the measurement stream: when each box was heard last, and whether the triggering brokers are connected. Nothing is decoded here but the box id. */
import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { RecentMap } from '../../common/recent-map.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { BrokerStreams, type HeardBrokers } from '../../stream/brokers.js';
import type { CurveClientOptions } from '../../stream/stream-socket.js';

/** Ids that are remembered: a peer can invent ids without end, so the one that was heard longest ago is forgotten. */
const MOST_BOXES = 100_000;
const LONGEST_ID = 10;

/** When each id was heard last, of so many ids. */
export class HeardTimes {
  readonly #ms: RecentMap<string, number>;

  constructor(most: number) {
    this.#ms = new RecentMap(most);
  }

  /** ids that were forgotten, for there were too many */
  get forgotten(): number {
    return this.#ms.forgotten;
  }

  of(boxId: string): number | undefined {
    return this.#ms.get(boxId);
  }

  /** @returns true when another one is forgotten for it */
  heard(boxId: string, ms: number): boolean {
    const before = this.#ms.forgotten;
    this.#ms.set(boxId, ms);
    return this.#ms.forgotten > before;
  }
}

export class Heard implements Running {
  readonly #clock: Clock;
  readonly #times = new HeardTimes(MOST_BOXES);
  readonly #stream: BrokerStreams;
  readonly #log: ThrottledLog;
  readonly #measured: (boxId: string, frame: Uint8Array) => void;
  #connectedMs: number | undefined;

  /** @param endpoints of each broker @param measured gets every message; it must not throw */
  constructor(
    endpoints: readonly string[],
    curve: CurveClientOptions | undefined,
    clock: Clock,
    log: Logger,
    measured: (boxId: string, frame: Uint8Array) => void = () => undefined,
  ) {
    this.#clock = clock;
    this.#measured = measured;
    this.#log = new ThrottledLog(log, { clock });
    this.#stream = new BrokerStreams({
      ...{ endpoints, curve, log },
      receiver: { receive: (frames) => this.#message(frames) },
      changed: () => {
        this.#connectedMs = this.#stream.isComplete ? clock.monotonic() : undefined;
      },
    });
  }

  /** Since when (monotonic ms) all brokers are connected; undefined: one is not, and a box that is not heard may be at it. */
  get connectedMs(): number | undefined {
    return this.#connectedMs;
  }

  /** Where one is missing, no new outage is reported. */
  status(): HeardBrokers {
    return this.#stream.status();
  }

  /** As `status`; undefined while the sockets are new. */
  settled(): HeardBrokers | undefined {
    return this.#stream.settled();
  }

  /** Monotonic ms; undefined: not heard since the start. */
  of(boxId: string): number | undefined {
    return this.#times.of(boxId);
  }

  stop(): Promise<void> {
    return this.#stream.stop();
  }

  #message([topic, frame]: readonly Buffer[]): void {
    if (topic === undefined || topic.length > LONGEST_ID) return;
    const id = Number(topic.toString('latin1'));
    if (!Number.isInteger(id) || id < 0) return;
    const boxId = String(id);
    const nowMs = this.#clock.monotonic();
    if (this.#times.heard(boxId, nowMs))
      this.#log.warn({ forgotten: this.#times.forgotten }, 'more boxes are heard than are remembered');
    if (frame !== undefined) this.#measured(boxId, frame);
  }
}
