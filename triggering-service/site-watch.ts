/** Reads thresholds and locations of boxes from the store, at the start and each minute, and hands them to the plugins when they have changed. */
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { EMPTY_SITE, Site, type SiteData, toSiteData } from '../plugin-host/site.js';
import type { BoxReader } from '../store/store.js';

const REFRESH_MS = 60_000;

export class SiteWatch implements Running {
  readonly site = new Site();
  readonly #store: Pick<BoxReader, 'makaiConfig' | 'boxes'>;
  readonly #log: Logger;
  readonly #changed: (data: SiteData) => void;
  #text = JSON.stringify(EMPTY_SITE);
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    store: Pick<BoxReader, 'makaiConfig' | 'boxes'>,
    log: Logger,
    changed: (data: SiteData) => void,
  ) {
    this.#store = store;
    this.#log = log;
    this.#changed = changed;
  }

  /** Reads once, then each minute. A store that is unavailable is asked again; what was read last stays in force. */
  async start(): Promise<void> {
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
    clearInterval(this.#timer);
    await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      const [config, boxes] = await Promise.all([this.#store.makaiConfig(), this.#store.boxes()]);
      const data = toSiteData(config, boxes);
      const text = JSON.stringify(data);
      if (text === this.#text) return;
      this.#text = text;
      this.site.update(data);
      this.#changed(data);
    } catch (error) {
      this.#log.warn({ err: error }, 'thresholds and locations could not be read; keeping the previous ones');
    }
  }
}
