/** What the broker announces: `evnew` for each accepted event, and the notice of 2020 when its first waveform is stored. */
import type { AskedEvent } from '../open/request.js';

export interface NoticesDeps {
  /** on `backend_pub` */
  sendEvnew(frames: readonly [string, string]): void;
  /** on `zmq_event_endpoint` */
  sendNotice(frames: readonly [string, string]): void;
}

export class Notices {
  readonly #deps: NoticesDeps;
  readonly sent = { evnew: 0, notices: 0 };

  constructor(deps: NoticesDeps) {
    this.#deps = deps;
  }

  /** `["evnew", number]`: only for an event that is durable. */
  eventStored(eventId: number): void {
    this.sent.evnew += 1;
    this.#deps.sendEvnew(['evnew', String(eventId)]);
  }

  /** `[<rest of the identity>, number]`, once an event: call it for each waveform stored. */
  waveformStored(asked: AskedEvent): void {
    if (asked.noticed) return;
    asked.noticed = true;
    this.sent.notices += 1;
    this.#deps.sendNotice([asked.noticeText, String(asked.event.event_id)]);
  }
}
