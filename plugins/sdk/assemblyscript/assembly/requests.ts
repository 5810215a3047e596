// The event requests of one call: gathered as objects, laid out as records when the call ends.
import { EVENT_REQUEST_BYTES, EventRequest } from './abi';

export class Request {
  /** Unix milliseconds UTC, by the box's clock */
  startMs: f64 = 0;
  endMs: f64 = 0;
  boxIds: u32[] = [];
  /** one of the TRIGGER constants */
  triggerType: u8 = 0;
  /** largest deviation from the reference, in percent of it, positive */
  percentMagnitude: f64 = 0;
  description: string = '';
  /** false: log an event without waveforms */
  requestData: bool = true;
  /** true: an event of its own, without delay; false: it may become one event with requests of other boxes */
  urgent: bool = false;
  /** if one deviation is requested in several windows: ms from the start of the first window to the start of this one */
  familyMs: u32 = 0;
}

export class Requests {
  private readonly list: Request[] = [];
  // What the records point at must stay where it is until the host has read them.
  private texts: ArrayBuffer[] = [];
  private records: ArrayBuffer = new ArrayBuffer(0);

  get length(): i32 {
    return this.list.length;
  }

  add(request: Request): void {
    this.list.push(request);
  }

  /** Forgets all. */
  clear(): void {
    if (this.list.length === 0) return;
    this.list.length = 0;
    this.texts.length = 0;
  }

  /** Lays out the records. @returns their address, valid until `clear` */
  lay(): usize {
    const list = this.list;
    this.records = new ArrayBuffer(list.length * EVENT_REQUEST_BYTES);
    const start = changetype<usize>(this.records);
    for (let i = 0; i < list.length; i++) {
      const from = list[i];
      const text = String.UTF8.encode(from.description);
      this.texts.push(text);
      const record = changetype<EventRequest>(start + i * EVENT_REQUEST_BYTES);
      record.startMs = from.startMs;
      record.endMs = from.endMs;
      record.percentMagnitude = from.percentMagnitude;
      record.boxIds = <u32>from.boxIds.dataStart;
      record.boxCount = from.boxIds.length;
      record.description = <u32>changetype<usize>(text);
      record.descriptionBytes = text.byteLength;
      record.triggerType = from.triggerType;
      record.requestData = <u8>from.requestData;
      record.urgent = <u8>from.urgent;
      record.reserved0 = 0;
      record.familyMs = from.familyMs;
    }
    return start;
  }
}
