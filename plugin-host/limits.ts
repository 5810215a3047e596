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
  /** events it may ask of one box in an hour */
  eventsPerHour: number;
}

export const DEFAULT_PLUGIN_LIMITS: PluginLimits = {
  batchMs: 2000,
  loadMs: 20_000,
  unloadMs: 5000,
  memoryMb: 128,
  queueBatches: 1024,
  eventsPerHour: 300,
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
/** Results of all kinds that are looked at in one call; those past it are surplus. */
export const MAX_RESULTS_PER_CALL = 20_000;
/** Values of series accepted at the same time, and in the long run per second. */
export const VALUE_BURST = 100_000;
export const VALUES_PER_SECOND = 5000;
/** Incidents accepted at the same time, and in the long run per second; `events_per_hour` holds for each box besides. */
export const INCIDENT_BURST = 1000;
export const INCIDENTS_PER_SECOND = 20;
/** Bytes of a plugin's state, as JSON or as they are. */
export const MAX_STATE_BYTES = 65_536;
/** Measurements and trends in one piece of history, the newest of the span. */
export const MAX_HISTORY_MEASUREMENTS = 50_000;
export const MAX_HISTORY_TRENDS = 50_000;
/** Pieces of history that a plugin may ask for in one start. */
export const MAX_HISTORY_PIECES = 1000;
/** Characters of a description; longer ones are trimmed. */
export const MAX_DESCRIPTION = 1000;
/** Lines a plugin may log at the same time, and in the long run per second. */
export const LOG_BURST = 200;
export const LOGS_PER_SECOND = 20;
/** Findings about boxes at the same time, and in the long run per second: one a minute of each box while it lasts. */
export const FINDING_BURST = 20_000;
export const FINDINGS_PER_SECOND = 1000;
/** Characters of a line in the log. */
export const MAX_LOG_LINE = 1000;
