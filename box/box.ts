/**
 * One simulated OPQ Box: replays a source on its clock, publishes measurements and replies to commands with the habits of its
 * dialect. Messages that kill an existing box kill it too, so that a test can show that our brokers never send them.
 */
import { EventEmitter } from 'node:events';
import { isBoxId, MAX_BOX_ID } from '../common/box-id.js';
import { codeOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import { type Logger, silentLogger } from '../common/log.js';
import { type KeyPair, newKeyPair } from '../keys/key.js';
import type { Waveform } from '../proto/index.js';
import type { Context } from '../zmq/sockets.js';
import { analysisOf } from './analysis.js';
import { CycleBuffer } from './buffer.js';
import { type Clock, systemClock } from './clock.js';
import { CommandLoop } from './command-loop.js';
import type { BoxEndpoints } from './endpoints.js';
import { type BoxState, type Dialect, waveformOf } from './frames.js';
import { GENERATIONS, type Generation, type HabitOptions } from './generations.js';
import { BoxSockets, curveClient } from './sockets.js';
import type { CycleSource } from './sources/source.js';

export interface BoxOptions extends HabitOptions {
  /** 0 to 2^31 - 1 */
  id: number;
  dialect: Generation;
  source: CycleSource;
  /** the server's public key, Z85 */
  serverPublicKey: string;
  /** key pair of the box; without it a new one, as a Box 3 without keys makes at each start */
  keys?: KeyPair;
  endpoints: BoxEndpoints;
  clock?: Clock;
  /** when cycle 0 begins, Unix ms; default: now */
  startMs?: number;
  /** false: play the source once, then emit `ended` */
  loop?: boolean;
  /** cycles that the box keeps; default: one hour (Box 2), 3000 cycles (Box 3) */
  bufferCycles?: number;
  /** ZeroMQ context, when more sockets are needed than the default context allows */
  context?: Context;
  log?: Logger;
}

export interface BoxStats {
  /** cycles read out so far */
  cycles: number;
  measurements: number;
  /** of the measurements: sent before somebody subscribed, and lost, as with any PUB */
  unheard: number;
  commands: number;
  replies: number;
  ignored: number;
  /** how often the command sockets were reopened */
  reopened: number;
  /** gaps in the recording, after the process slept */
  gaps: number;
}

interface BoxEvents {
  /** a message killed the box; it is stopped */
  killed: [reason: string];
  /** a source that is played once has ended; the box still replies to commands */
  ended: [];
}

/** Delay (ms of the machine's time) that counts as a gap: the process slept and recorded nothing. */
const GAP_MS = 10_000;

/**
 * Opens the sockets of the box (they connect when a broker is available) and starts its cycles.
 * @throws RangeError for an id that does not fit a message; zeromq's error for an invalid endpoint or key
 */
export async function startBox(options: BoxOptions): Promise<Box> {
  const { id } = options;
  if (!isBoxId(id)) throw new RangeError(`box id ${id}: not 0 to ${MAX_BOX_ID}`);
  return new Box(options);
}

export class Box extends EventEmitter<BoxEvents> implements Running {
  readonly id: number;
  readonly dialect: Generation;
  /** Z85 */
  readonly publicKey: string;
  readonly #options: BoxOptions;
  readonly #clock: Clock;
  readonly #state: BoxState;
  readonly #habits: Dialect;
  readonly #sockets: BoxSockets;
  readonly #commandLoop: CommandLoop;
  readonly #log: Logger;
  readonly #limit: number;
  readonly #stats = { measurements: 0, unheard: 0, gaps: 0 };
  #isHeard = false;
  #cancelMessage: () => void = () => undefined;
  #running = true;
  #ended = false;

  /** Use `startBox`. */
  constructor(options: BoxOptions) {
    super();
    this.#options = options;
    this.id = options.id;
    this.dialect = options.dialect;
    this.#clock = options.clock ?? systemClock();
    this.#log = options.log ?? silentLogger();
    const keys = options.keys ?? newKeyPair();
    this.publicKey = keys.publicKey;
    const startMs = options.startMs ?? this.#clock.now();
    this.#state = {
      id: options.id,
      publicKey: keys.publicKey,
      startedMs: startMs,
      buffer: new CycleBuffer(startMs, options.bufferCycles ?? GENERATIONS[options.dialect].bufferCycles),
      analysis: analysisOf(options.source),
      now: () => Math.floor(this.#clock.now()),
    };
    this.#habits = GENERATIONS[options.dialect].dialect(this.#state, options);
    this.#limit = options.loop === false ? options.source.cycles : Number.POSITIVE_INFINITY;
    this.#sockets = new BoxSockets({
      endpoints: options.endpoints,
      curve: curveClient(options.serverPublicKey, keys),
      subscription: this.#habits.subscription,
      ...(options.context !== undefined && { context: options.context }),
    });
    void this.#sockets.listened.then(() => {
      this.#isHeard = true;
    });
    this.#commandLoop = new CommandLoop({
      clock: this.#clock,
      sockets: this.#sockets,
      dialect: this.#habits,
      before: () => this.#advance(),
      after: () => this.#schedule(),
      log: this.#log,
      killed: (reason) => this.#kill(reason),
    });
    this.#schedule();
  }

  get stats(): BoxStats {
    this.#advance();
    return { cycles: this.#state.buffer.end, ...this.#stats, ...this.#commandLoop.counts };
  }

  /** Resolves when somebody subscribes to its measurements. Measurements before that are lost, as with any PUB. */
  async listened(): Promise<void> {
    await this.#sockets.listened;
  }

  /** Calibration constant of the source: volts = count / calibrationConstant. Readers of a store need it in the record of the box. */
  get calibrationConstant(): number {
    return this.#options.source.calibrationConstant;
  }

  /** Timestamps (Unix ms) of the oldest and the newest cycle in the buffer; undefined while there is none. */
  get held(): { oldestMs: number; newestMs: number } | undefined {
    this.#advance();
    const { buffer } = this.#state;
    if (buffer.end === buffer.oldest) return undefined;
    return { oldestMs: buffer.timestampOf(buffer.oldest), newestMs: buffer.timestampOf(buffer.end - 1) };
  }

  /** Timestamps and counts that the box would send of the cycles with startMs ≤ timestamp ≤ endMs. */
  waveform(startMs: number, endMs: number): Waveform {
    this.#advance();
    const { buffer } = this.#state;
    return waveformOf(this.#state, buffer.firstAtOrAfter(startMs), buffer.firstAtOrAfter(endMs + 1));
  }

  /**
   * Switches the box off.
   * @param lingerMs how long queued messages may still be sent; 0: not at all
   */
  async stop(lingerMs = 0): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#cancelMessage();
    this.#commandLoop.stop();
    this.#sockets.close(lingerMs);
    await this.#commandLoop.stopped;
  }

  #advance(): void {
    if (this.#running) this.#state.buffer.advance(this.#clock.now(), this.#limit);
  }

  #schedule(): void {
    this.#cancelMessage();
    if (!this.#running) return;
    const { buffer } = this.#state;
    const cycle = this.#habits.nextMessageCycle();
    if (cycle >= this.#limit) {
      if (!this.#ended)
        this.#cancelMessage = this.#clock.at(buffer.timestampOf(this.#limit - 1), () => this.#end());
      return;
    }
    this.#cancelMessage = this.#clock.at(buffer.timestampOf(cycle), () => this.#publish());
  }

  #end(): void {
    this.#ended = true;
    this.emit('ended');
  }

  #publish(): void {
    const { buffer } = this.#state;
    const now = this.#clock.now();
    if (now - buffer.timestampOf(this.#habits.nextMessageCycle()) > GAP_MS * this.#clock.speed) {
      buffer.gap(now);
      this.#stats.gaps += 1;
      this.#log.warn({ box: this.id }, 'gap in the recording: the process was suspended');
    }
    this.#advance();
    while (this.#habits.nextMessageCycle() < buffer.end) this.#send();
    this.#schedule();
  }

  #send(): void {
    this.#stats.measurements += 1;
    if (!this.#isHeard) this.#stats.unheard += 1;
    this.#sockets.measurements.send(this.#habits.message()).catch((error: unknown) => {
      // the queue is full, or the box is being stopped: drop the message, as libzmq does
      if (codeOf(error) !== 'EAGAIN' && this.#running)
        this.#log.warn({ box: this.id, err: error }, 'measurement not sent');
    });
  }

  #kill(reason: string): void {
    this.#log.error({ box: this.id, reason }, 'killed');
    void this.stop().then(() => this.emit('killed', reason));
  }
}
