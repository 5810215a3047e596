/**
 * An open request: commands to boxes that wait for answers. One event request of a client is one open request for all its boxes;
 * a client's Command is one for its box. What is needed to ask again after a restart is kept in the store as JSON.
 */
import type { Command } from '../../proto/messages.js';
import type { NewEvent } from '../../store/store.js';
import type { TimeWindow } from '../boxes/sender.js';

/** waiting: asked (or to be asked); arrived: an answer is being decoded; answered: done, with or without data. */
export type AskState = 'waiting' | 'arrived' | 'answered';

/** What is asked of one box. A box of unknown kind is asked both ways: `read` and a sequence number. */
export interface BoxAsk {
  readonly boxId: number;
  /** answers by READ (a Box 2, or of unknown kind) */
  read: boolean;
  /** of its Command; undefined for a Box 2 */
  readonly seq: number | undefined;
  state: AskState;
  /** clock.monotonic() of the last Command, and whether the box was subscribed then */
  commandedAt: number | undefined;
  heard: boolean;
}

/** One event as far as answers to it are concerned; several open requests may belong to one (Commands with the same token). */
export interface AskedEvent {
  readonly event: NewEvent;
  /** frame 0 of the notice of 2020 */
  readonly noticeText: string;
  /** the notice went out */
  noticed: boolean;
  /** boxes whose waveform is stored or being stored: the first non-empty answer counts */
  readonly taken: Set<number>;
}

/** A READ for several requests: the window asked for, and whom an answer belongs to. */
export interface SharedRead {
  readonly window: TimeWindow;
  /** box id → requests that asked it */
  readonly byBox: ReadonlyMap<number, readonly OpenRequest[]>;
  /** requests that asked everybody */
  readonly everyone: readonly OpenRequest[];
}

export interface OpenRequest {
  /** unique name, also in the store */
  readonly key: string;
  readonly acceptedAtMs: number;
  /** the window asked for; undefined for Commands that ask for no waveform */
  readonly window: TimeWindow | undefined;
  /** the event that answers are stored in; undefined for Commands that are only routed */
  readonly event: AskedEvent | undefined;
  /** a READ goes out */
  readonly read: boolean;
  /** no boxes were named: every Box 2 counts as asked, also one whose id is not known */
  readonly everyone: boolean;
  readonly asks: Map<number, BoxAsk>;
  /** the client's Command that is routed; undefined for an event request */
  readonly command: Command | undefined;
  /** the token that makes several Commands one event; undefined for all others */
  readonly token: string | undefined;

  /** clock.monotonic() of the last READ, and how many Box 2s were connected then */
  readAt: number | undefined;
  readAudience: number;
  /** READs under this request's number that served others too */
  readonly sharedReads: SharedRead[];
  /** Box 2s that answered */
  readonly readAnswers: Set<number>;
  /** what it counts against the limit of open requests: boxes that have not answered, at least one */
  weight: number;
  /** the first sending has happened */
  started: boolean;
  /** clock.monotonic() when it was closed: no more commands go out, late answers are still taken */
  closedAt: number | undefined;
  /** answers taken that are not stored yet */
  storing: number;
  /** closed with all its answers stored: no longer in the store */
  done: boolean;
  /** ends the timers */
  cancel: () => void;
  /** settled once the request is written to the store (or could not be) */
  persisted: Promise<unknown>;
}

/** What a new open request is made of. */
export type NewRequest = Pick<OpenRequest, 'key' | 'acceptedAtMs'> &
  Partial<Pick<OpenRequest, 'window' | 'event' | 'read' | 'everyone' | 'command' | 'token'>> & {
    asks: { boxId: number; read: boolean; seq: number | undefined }[];
  };

export function newRequest(init: NewRequest): OpenRequest {
  return {
    key: init.key,
    acceptedAtMs: init.acceptedAtMs,
    window: init.window,
    event: init.event,
    read: init.read ?? false,
    everyone: init.everyone ?? false,
    command: init.command,
    token: init.token,
    asks: new Map(
      init.asks.map((ask) => [
        ask.boxId,
        { ...ask, state: 'waiting', commandedAt: undefined, heard: false } satisfies BoxAsk,
      ]),
    ),
    readAt: undefined,
    readAudience: 0,
    sharedReads: [],
    readAnswers: new Set(),
    weight: Math.max(1, init.asks.length),
    started: false,
    closedAt: undefined,
    storing: 0,
    done: false,
    cancel: () => undefined,
    persisted: Promise.resolve(),
  };
}
