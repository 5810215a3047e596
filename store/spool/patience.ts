/** How long each kind of write waits for the database before it goes to the spool, ms. */
export interface Patience {
  /** event numbers: the request waits for them before anything else */
  numbersMs: number;
  /** an event is announced, and the boxes are asked, once it is durable */
  eventMs: number;
  waveformMs: number;
  /** a bulk insert, or trends */
  measurementsMs: number;
  /** reads have nowhere else to go */
  readMs: number;
}

export const PATIENCE: Patience = {
  numbersMs: 500,
  eventMs: 150,
  waveformMs: 3_000,
  measurementsMs: 3_000,
  readMs: 30_000,
};
