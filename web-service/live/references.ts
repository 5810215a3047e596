/** Nominal values of the boxes, for the flags of live measurements: read now and then, as they hardly ever change. */
import { type Clock, repeat } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { StoreLink } from '../../daemon/store-link.js';
import { type Reference, References, referenceData } from '../../store/reference.js';

const READ_MS = 10_000;

export interface LiveReferencesOptions {
  link: () => StoreLink;
  /** where the store says nothing */
  settings: Reference;
  clock: Clock;
  log: Logger;
}

export class LiveReferences implements Running {
  readonly references: References;
  readonly #options: LiveReferencesOptions;
  #loop: Running | undefined;
  /** what was read last, as text */
  #last: string | undefined;

  constructor(options: LiveReferencesOptions) {
    this.#options = options;
    this.references = new References(options.settings);
  }

  /** false: nothing was read yet, and a flag could be wrong for every box */
  get areKnown(): boolean {
    return this.#last !== undefined;
  }

  /** Reads them, if the store is available, and again every ten seconds. */
  async start(): Promise<void> {
    await this.read();
    this.#loop = repeat(() => this.read(), READ_MS, this.#options.clock);
  }

  async read(): Promise<void> {
    try {
      const data = await this.#options.link().read(async (store) => {
        const [config, boxes] = await Promise.all([store.makaiConfig(), store.boxes()]);
        return referenceData(config, boxes);
      });
      const text = JSON.stringify(data);
      if (text !== this.#last) this.references.update(data);
      this.#last = text;
    } catch (error) {
      // The link has said so.
      if (codeOf(error) !== 'STORE_UNAVAILABLE')
        this.#options.log.warn({ err: error }, 'nominal values of the boxes could not be read');
    }
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }
}
