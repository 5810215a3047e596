/** What several gateways of one store share. One of them is active; what it has to do is copied, so that another one can go on with it. */
import type { Database } from 'better-sqlite3';

export interface Shared {
  /**
   * A file that was just opened. What it holds may be replaced by what the active gateway before has left; from now on its changes are copied.
   * @param file its name, the same in each gateway
   * @returns to be called before the file is closed
   */
  attach(file: string, db: Database): () => void;
  /** Fulfilled when all changes so far are copied. @throws MakaiError STORE_UNAVAILABLE where this gateway is not the active one any more */
  flushed(): Promise<void>;
  /** Whether this is the active gateway now, by its own clock: only then may it say anything to anybody. */
  mayAct(): boolean;
}

/** The only gateway. */
export const ALONE: Shared = {
  attach: () => () => undefined,
  flushed: () => Promise.resolve(),
  mayAct: () => true,
};
