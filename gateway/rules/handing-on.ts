/** Hands the alerts of rules on, in order, each until it was taken: the database may be unavailable for days. */
import { BackOff } from '../../common/backoff.js';
import type { Clock } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { RuleAlert } from '../../rules/index.js';
import type { KeptAlerts } from './kept-alerts.js';

const BACK_OFF = { firstMs: 500, maxMs: 30_000 };
/** Where trying again does not help for sure, an alert is given up after so many tries: it must not hold up the others for good. */
const MAX_TRIES = 20;
const AGAIN_HELPS = new Set(['STORE_UNAVAILABLE', 'STORE_ACCESS_DENIED']);

export interface HandingOnParts {
  kept: KeptAlerts;
  alert: (alert: RuleAlert, atMs: number) => Promise<void>;
  clock: Clock;
  log: Logger;
}

export class HandingOn {
  readonly #parts: HandingOnParts;
  readonly #log: ThrottledLog;
  readonly #backOff = new BackOff(BACK_OFF);
  #work: Promise<void> | undefined;
  #cancel = (): void => undefined;
  #stopped = false;
  #isMore = false;
  #tries = 0;
  lost = 0;

  constructor(parts: HandingOnParts) {
    this.#parts = parts;
    this.#log = new ThrottledLog(parts.log, { clock: parts.clock });
  }

  /** Something waits. */
  wake(): void {
    if (this.#stopped) return;
    this.#isMore = this.#work !== undefined;
    if (this.#isMore) return;
    this.#cancel();
    this.#work = this.#all().finally(() => {
      this.#work = undefined;
      if (this.#isMore) this.wake();
    });
  }

  /** What waits is handed on after the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#work;
  }

  /** Never rejects. */
  async #all(): Promise<void> {
    const { alert, clock, kept } = this.#parts;
    try {
      for (let next = kept.first(); next !== undefined && !this.#stopped; next = kept.first()) {
        try {
          await alert(next.alert, next.at_ms);
        } catch (err) {
          this.#tries += 1;
          if (AGAIN_HELPS.has(codeOf(err) ?? '') || this.#tries < MAX_TRIES) throw err;
          this.#log.error({ err, rule: next.alert.rule }, 'an alert of a rule is given up');
          this.lost += 1;
        }
        kept.remove(next);
        this.#tries = 0;
        this.#backOff.reset();
      }
    } catch (err) {
      this.#log.warn({ err }, 'an alert of a rule waits on disk: it is tried again');
      if (!this.#stopped) this.#cancel = clock.after(this.#backOff.next(), () => this.wake());
    }
  }
}
