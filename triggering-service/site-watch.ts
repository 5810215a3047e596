/** Reads thresholds and locations of boxes from the store, at the start and each minute, and hands them to the plugins when they have changed. */
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { ThrottledLog } from '../common/throttled-log.js';
import { EMPTY_SITE, Site, type SiteData, toSiteData } from '../plugin-host/site.js';
import { type Reference, References } from '../store/reference.js';
import type { BoxReader } from '../store/store.js';

const REFRESH_MS = 60_000;
/** After a start without the database: trends would say "unknown" as location until the next refresh. */
const AGAIN_MS = 2000;

export interface SiteWatchOptions {
  store: Pick<BoxReader, 'makaiConfig' | 'boxes'>;
  /** nominal voltage and frequency where the store says nothing */
  reference: Reference;
  log: Logger;
  changed: (data: SiteData) => void;
  /** ids of the boxes that are not in use, at each reading */
  unpluggedRead: (ids: ReadonlySet<number>) => void;
}

export class SiteWatch implements Running {
  readonly site: Site;
  /** updated in place */
  readonly references: References;
  readonly #empty: SiteData;
  readonly #options: SiteWatchOptions;
  readonly #throttled: ThrottledLog;
  #text: string;
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: SiteWatchOptions) {
    const { log, reference } = options;
    this.#options = options;
    this.#empty = { ...EMPTY_SITE, reference };
    this.site = new Site(this.#empty);
    this.references = new References(reference);
    this.#text = JSON.stringify(this.#empty);
    this.#throttled = new ThrottledLog(log);
  }

  /** Reads once, then each minute. A store that is unavailable is asked again; what was read last stays in force. */
  async start(): Promise<void> {
    // A store without boxes says no more than this, and one that is unavailable says nothing.
    this.#options.changed(this.#empty);
    this.#timer = setInterval(() => void this.refresh(), REFRESH_MS);
    this.#timer.unref();
    await this.refresh();
  }

  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#again);
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { changed, reference, store, unpluggedRead } = this.#options;
    try {
      const [config, boxes] = await Promise.all([store.makaiConfig(), store.boxes()]);
      const unplugged = boxes.filter((box) => box.unplugged).map(({ box_id }) => Number(box_id));
      unpluggedRead(new Set(unplugged));
      const data = toSiteData(config, boxes, reference);
      const text = JSON.stringify(data);
      if (text === this.#text) return;
      this.#text = text;
      this.site.update(data);
      this.references.update(data.references);
      changed(data);
    } catch (error) {
      this.#throttled.warn(
        { err: error },
        'thresholds and locations could not be read; keeping the previous ones',
      );
      clearTimeout(this.#again);
      if (this.#stopped) return;
      this.#again = setTimeout(() => void this.refresh(), AGAIN_MS);
      this.#again.unref();
    }
  }
}
