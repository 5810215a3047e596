/** How much one plugin may use of the daemon. */

export interface PluginLimits {
  /** max ms in one call of processBatch, processMeasurement, onTick or makai_process */
  batchMs: number;
  /** max ms from the start of its thread until it is configured */
  loadMs: number;
  /** max ms to process the batches that wait and to run onUnload */
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

/** Requests accepted from one call: in a sag of the whole grid a plugin may request several windows of every box in a batch. */
export const MAX_REQUESTS_PER_CALL = 4096;
/** Requests accepted at the same time, and in the long run per second. */
export const REQUEST_BURST = 20_000;
export const REQUESTS_PER_SECOND = 200;
/** Box ids accepted in all requests of one call. */
export const MAX_BOX_IDS_PER_CALL = 200_000;
/** Box ids in one request. */
export const MAX_BOX_IDS = 50_000;
/** Characters of a description; longer ones are trimmed. */
export const MAX_DESCRIPTION = 1000;
/** Lines a plugin may log at the same time, and in the long run per second. */
export const LOG_BURST = 200;
export const LOGS_PER_SECOND = 20;
/** Characters of a line in the log. */
export const MAX_LOG_LINE = 1000;
