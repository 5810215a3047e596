/** What a waveform is judged by: the boxes as they are recorded and their references, read again after some seconds. */
import type { Clock } from '../../common/clock.js';
import { calibrationOf, referencePart } from '../../store/calibration.js';
import { type Reference, References, referenceData } from '../../store/reference.js';
import type {
  BoxDocument,
  BoxEventDocument,
  BoxReader,
  Calibration,
  LocationRegistry,
} from '../../store/store.js';
import type { Regions } from '../regions.js';

type Known = Pick<BoxReader, 'boxes' | 'makaiConfig'> & Pick<LocationRegistry, 'locations'>;

/** A change that somebody makes holds after so long at the latest. */
const AGE_MS = 5_000;
/** What waveforms are judged by is remembered of so many at most. */
const MOST_JUDGED = 10_000;

export interface KnownBox {
  /** undefined: it is not recorded */
  box: BoxDocument | undefined;
  /** counts per volt; undefined: not known */
  calibration: number | undefined;
  /** as it is noted in the box event: without a constant that nobody knows */
  judgedWith: Calibration;
  reference: Reference;
}

export class KnownBoxes {
  readonly #store: Known;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #references: References;
  readonly #forced: Partial<Reference>;
  #boxes = new Map<string, BoxDocument>();
  #regions: Regions = new Map();
  /** by box, and by the values that stand in its box events */
  readonly #judged = new Map<string, KnownBox>();
  #readMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  /**
   * @param reference what holds where the store says nothing
   * @param forced what holds whatever the store says
   */
  constructor(
    store: Known,
    reference: Reference,
    clock: Pick<Clock, 'monotonic'>,
    forced: Partial<Reference> = {},
  ) {
    this.#forced = forced;
    this.#store = store;
    this.#clock = clock;
    this.#references = new References(reference);
  }

  /** As it is now. @throws MakaiError STORE_UNAVAILABLE */
  async of(boxId: string): Promise<Pick<KnownBox, 'box' | 'reference'>> {
    await this.refresh();
    const reference = { ...this.#references.of(Number(boxId)), ...this.#forced };
    return { box: this.#boxes.get(boxId), reference };
  }

  /** What a waveform is judged by: the values it was judged with before, or else those that held at its time. @throws MakaiError STORE_UNAVAILABLE */
  async ofWaveform(boxEvent: BoxEventDocument): Promise<KnownBox> {
    await this.refresh();
    const box = this.#boxes.get(boxEvent.box_id);
    const { calibration_constant, nominal_frequency, nominal_voltage } = boxEvent;
    const values = [calibration_constant, nominal_voltage, nominal_frequency];
    const isOfItsTime = box?.calibration_archive !== undefined && values.includes(undefined);
    if (isOfItsTime) return this.#judge(boxEvent, box);
    const key = `${boxEvent.box_id} ${values.join(' ')}`;
    let known = this.#judged.get(key);
    if (known === undefined) {
      known = this.#judge(boxEvent, box);
      if (this.#judged.size >= MOST_JUDGED) this.#judged.clear();
      this.#judged.set(key, known);
    }
    return known;
  }

  #judge(boxEvent: BoxEventDocument, box: BoxDocument | undefined): KnownBox {
    const calibration = calibrationOf(boxEvent, box);
    const reference = this.#references.of(Number(boxEvent.box_id), referencePart(calibration));
    const judgedBy = { ...reference, ...this.#forced };
    return {
      box,
      calibration: calibration.calibration_constant ?? box?.calibration_constant,
      reference: judgedBy,
      judgedWith: {
        ...calibration,
        nominal_voltage: judgedBy.voltage,
        nominal_frequency: judgedBy.frequency,
      },
    };
  }

  /** All that are recorded. @throws MakaiError STORE_UNAVAILABLE */
  async all(): Promise<readonly BoxDocument[]> {
    await this.refresh();
    return [...this.#boxes.values()];
  }

  /** @throws MakaiError STORE_UNAVAILABLE */
  async regions(): Promise<Regions> {
    await this.refresh();
    return this.#regions;
  }

  refresh(): Promise<void> {
    if (this.#clock.monotonic() - this.#readMs < AGE_MS) return Promise.resolve();
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const [boxes, config, locations] = await Promise.all([
      this.#store.boxes(),
      this.#store.makaiConfig(),
      this.#store.locations(),
    ]);
    this.#regions = new Map(locations.map(({ regions = [], slug }) => [slug, regions]));
    this.#boxes = new Map(boxes.map((box) => [box.box_id, box]));
    this.#references.update(referenceData(config, boxes));
    this.#judged.clear();
    this.#readMs = this.#clock.monotonic();
  }
}
