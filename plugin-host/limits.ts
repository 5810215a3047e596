/** What one plugin may take of the daemon. */

export interface PluginLimits {
  /** most ms in one call of processBatch, processMeasurement, onTick or makai_process */
  batchMs: number;
  /** most ms from the start of its thread until it is configured */
  loadMs: number;
  /** most ms to read what waits and to run onUnload */
  unloadMs: number;
  /** MiB: of a WebAssembly plugin all of its memory, of a JavaScript plugin its heap and buffers as far as they can be seen */
  memoryMb: number;
  /** batches that may wait for it */
  queueBatches: number;
}

export const DEFAULT_PLUGIN_LIMITS: PluginLimits = {
  batchMs: 2000,
  loadMs: 20_000,
  unloadMs: 5000,
  memoryMb: 128,
  queueBatches: 1024,
};

/** Requests taken from one call; a dip of the whole grid may trip every box of a batch, with some slices each. */
export const MAX_REQUESTS_PER_CALL = 4096;
/** Requests taken at once, and in the long run per second. */
export const REQUEST_BURST = 20_000;
export const REQUESTS_PER_SECOND = 200;
/** Box ids taken in all requests of one call. */
export const MAX_BOX_IDS_PER_CALL = 200_000;
/** Box ids in one request. */
export const MAX_BOX_IDS = 50_000;
/** Characters of a description; the rest is cut off. */
export const MAX_DESCRIPTION = 1000;
/** Lines a plugin may log at once, and in the long run per second. */
export const LOG_BURST = 200;
export const LOGS_PER_SECOND = 20;
/** Characters of a line in the log. */
export const MAX_LOG_LINE = 1000;
