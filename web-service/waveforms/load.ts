/** Reads box events and waveforms. A view of an event asks for its boxes one by one: what they have in common is read once. */
import type { Clock } from '../../common/clock.js';
import { MakaiError } from '../../common/errors.js';
import { RecentMap } from '../../common/recent-map.js';
import type { StoreLink } from '../../daemon/store-link.js';
import { int16Of } from '../../formats/little-endian.js';
import { sampleRuns } from '../../signal/index.js';
import { countsPerVolt } from '../../store/calibration.js';
import type { BoxReference } from '../../store/reference.js';
import type { BoxDocument, BoxEventDocument } from '../../store/store.js';
import type { Boxes } from '../boxes.js';
import type { Waveform } from './trimmed.js';

const AGE_MS = 2000;
const REMEMBERED = 50;

export interface FoundBoxEvent {
  boxEvent: BoxEventDocument;
  box: BoxDocument | undefined;
  reference: BoxReference;
  /** counts per volt */
  constant: number;
}

export class Waveforms {
  readonly #link: StoreLink;
  readonly #boxes: Boxes;
  readonly #clock: Clock;
  readonly #recent = new RecentMap<number, { atMs: number; boxEvents: Promise<BoxEventDocument[]> }>(
    REMEMBERED,
  );

  constructor(link: StoreLink, boxes: Boxes, clock: Clock) {
    this.#link = link;
    this.#boxes = boxes;
    this.#clock = clock;
  }

  boxEvents(eventId: number): Promise<BoxEventDocument[]> {
    const nowMs = this.#clock.monotonic();
    const known = this.#recent.get(eventId);
    if (known !== undefined && nowMs - known.atMs < AGE_MS) return known.boxEvents;
    const boxEvents = this.#link.read((store) => store.boxEvents(eventId));
    this.#recent.set(eventId, { atMs: nowMs, boxEvents });
    boxEvents.catch(() => this.#recent.delete(eventId));
    return boxEvents;
  }

  /** @throws MakaiError NOT_FOUND */
  async find(eventId: number, boxId: string): Promise<FoundBoxEvent> {
    const boxEvent = (await this.boxEvents(eventId)).find((one) => one.box_id === boxId);
    if (boxEvent === undefined)
      throw new MakaiError('NOT_FOUND', `there is no waveform of box ${boxId} in event ${eventId}`, {
        hint: `GET /events/${eventId} says which boxes have one, and why the others have none.`,
      });
    const known = await this.#boxes.known();
    const box = known.records.get(boxId);
    return {
      boxEvent,
      box,
      reference: known.referenceOfWaveform(boxEvent),
      constant: countsPerVolt(boxEvent, box),
    };
  }

  /** @throws MakaiError NOT_FOUND where the samples are missing */
  async load({ boxEvent, constant }: FoundBoxEvent): Promise<Waveform> {
    const { box_id, data_fs_filename, event_id, event_start_timestamp_ms, window_timestamps_ms } = boxEvent;
    const bytes = await this.#link.read((store) => store.waveform(data_fs_filename));
    if (bytes === undefined)
      throw new MakaiError('NOT_FOUND', `the samples of box ${box_id} in event ${event_id} are missing`, {
        hint: 'The event may have expired meanwhile.',
      });
    const counts = int16Of(bytes);
    return {
      counts,
      constant,
      runs: sampleRuns(window_timestamps_ms, counts.length, event_start_timestamp_ms),
    };
  }
}
