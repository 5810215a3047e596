/** What `makai store check` has to say of a store. */
export interface StoreFinding {
  /** `error`: does not work, or will not; `warning`: works, but somebody should look; `info`: a fact */
  severity: 'error' | 'warning' | 'info';
  message: string;
  /** what to do */
  hint?: string;
}
