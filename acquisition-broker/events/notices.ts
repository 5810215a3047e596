/** What the broker announces: `evnew` for each accepted event, and the notice of 2020 when its first waveform is stored. */
import { messageOf } from '../../common/errors.js';
import type { Rejections } from '../../common/rejections.js';
import type { AskedEvent } from '../open/request.js';

type Send = (frames: [string, string]) => Promise<void>;

export interface NoticesDeps {
  /** on `backend_pub` */
  sendEvnew: Send;
  /** on `zmq_event_endpoint` */
  sendNotice: Send;
  rejections: Rejections;
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
    this.#send(this.#deps.sendEvnew, 'evnew', eventId);
  }

  /** `[<rest of the identity>, number]`, once an event: call it for each waveform stored. */
  waveformStored(asked: AskedEvent): void {
    if (asked.noticed) return;
    asked.noticed = true;
    this.sent.notices += 1;
    this.#send(this.#deps.sendNotice, asked.noticeText, asked.event.event_id);
  }

  #send(send: Send, text: string, eventId: number): void {
    send([text, String(eventId)]).catch((error: unknown) => {
      this.#deps.rejections.count('send_failed', `event ${eventId}`, messageOf(error));
    });
  }
}
