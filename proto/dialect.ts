/**
 * What differs between the generations of boxes, as one object for each: `box2/dialect.ts`, `box3/dialect.ts`. Code outside those folders
 * asks a dialect and never which one it is. A third box protocol is one more folder and one more line in `dialects.ts`.
 */
import type { MeasurementColumns } from './columns.js';
import type {
  Command,
  CommandBody,
  Measurement,
  RequestDataMessage,
  RequestEventMessage,
  Response,
  TriggerMessage,
  Waveform,
} from './messages.js';
import type { WireReader } from './wire-reader.js';

/** A span of time. Unix ms, both ends included. */
export interface TimeWindow {
  startMs: number;
  endMs: number;
}

/** A message to boxes: the two frames on `box_pub`, and a name under which it is counted. */
export interface BoxMessage {
  readonly name: string;
  readonly topic: string;
  readonly message: Uint8Array;
}

/** A request for the waveform of a window, to one box. */
export interface DataQuestion {
  /** ties the reply to the command: one of `newNumbers` */
  number: number;
  window: TimeWindow;
  boxId: number;
  eventId: number;
  /** of our broker */
  identity: string;
  /** Unix ms */
  nowMs: number;
}

/** Numbers for commands to single boxes. */
export interface CommandNumbers {
  /** The next number for which `isTaken` is false. It must not hold for all of them. */
  next(isTaken: (number: number) => boolean): number;
}

/** A frame of the triggering stream as an object. */
export type StreamMessage = { dialect: 2; message: TriggerMessage } | { dialect: 3; message: Measurement };

/** Frame 0 of a reply as an object. */
export type BoxReply = { dialect: 2; message: RequestDataMessage } | { dialect: 3; message: Response };

/** A frame on the acquisition broker's `backend_pull`. */
export type ClientRequest =
  | { kind: 'event'; message: RequestEventMessage }
  | { kind: 'read'; message: RequestDataMessage }
  | { kind: 'command'; message: Command };

/** What a box says on `box_pull`, in one shape for all dialects. `name` is the message kind, for counters; `timeMs` the box's clock when it replied. */
export type Reply = {
  readonly name: string;
  readonly boxId: number | undefined;
  readonly timeMs?: number | undefined;
} & (
  | { readonly kind: 'alive' }
  /** the box received what it does not understand */
  | { readonly kind: 'error'; readonly about: string }
  /** nothing that a box sends in reply: dropped for `reason` */
  | { readonly kind: 'unexpected'; readonly reason: string; readonly about?: string }
  | {
      readonly kind: 'reply';
      /** of the command */
      readonly number: number;
      readonly body: CommandBody['kind'];
      /** the window that the box read in the command, where its dialect repeats it */
      readonly window: TimeWindow | undefined;
      /** frames after the first */
      readonly frames: readonly Uint8Array[];
    }
);

/** One box protocol. */
export type Dialect = DialectToAll | DialectToOne;

/** One command, under the event id, reaches every connected box of this dialect, and each replies. */
export interface DialectToAll extends DialectBase {
  readonly reach: 'all';
  /** The command that asks for the window of an event. */
  askAll(eventId: number, window: TimeWindow): BoxMessage;
}

/** Each box is asked by a command of its own, under a number of its own. */
export interface DialectToOne extends DialectBase {
  readonly reach: 'one';
  newNumbers(): CommandNumbers;
  askOne(question: DataQuestion): BoxMessage;
  /** A client's Command with a number of ours; only the dialect that Commands are of has it. */
  relay?(command: Command, number: number): BoxMessage;
}

interface DialectBase {
  /** in /status, in logs and in the store: `box2` */
  readonly name: string;
  /** what a command's number is, in logs */
  readonly numberName: string;
  /** names of the messages to boxes and from boxes, for counters that start at 0 */
  readonly commandNames: readonly string[];
  readonly replyNames: readonly string[];

  /** Who subscribes to this topic on `box_pub`: undefined, not a box of this dialect; `boxId` undefined: one that does not say which. */
  readSubscription(topic: string): { boxId: number | undefined } | undefined;

  /** What connected boxes must hear now and then. */
  readonly keepAlive?: KeepAlive;
  /** Why a message must not go out on `box_pub`, or undefined when it may. */
  dangerOf(message: BoxMessage): string | undefined;

  /** Whether frame 0 of a reply is of this dialect, by its tags. */
  isReply(tags: ReadonlySet<number>): boolean;
  /** @throws DecodeError */
  decodeReply(frame: Uint8Array): BoxReply;
  /** @param frames all of the reply @throws DecodeError */
  readReply(frames: readonly Uint8Array[]): Reply;
  /** Waveform frames, those after the first. @throws DecodeError, also for another box's id where the frames name one */
  readWaveform(frames: readonly Uint8Array[], boxId: number): Waveform;

  readonly stream: StreamDialect;
}

export interface KeepAlive {
  /** longest time without a command to all boxes of the dialect, ms */
  readonly everyMs: number;
  /** ms from a new connection to the message that makes the box reveal its id */
  readonly greetAfterMs: number;
  /** @param count of messages sent before, from 0 */
  message(count: number): BoxMessage;
}

/** Its measurements in the triggering stream. */
export interface StreamDialect {
  /** tag of field 3, by which the dialect is recognised */
  readonly tag: number;
  /** its number in `MeasurementColumns.dialect` */
  readonly number: number;
  /** How old the time in a measurement is when it arrives over a usual network, ms. */
  readonly ageMs: { readonly min: number; readonly max: number };
  decode(frame: Uint8Array): StreamMessage;
  /** Into a row of columns. @returns a STREAM_ code. The row's metrics must be NaN and its `invalid` 0 before. */
  decodeInto(reader: WireReader, columns: MeasurementColumns, index: number): number;
}
