/** The simulated OPQ Box as a library. */
export { Box, type BoxOptions, type BoxStats, startBox } from './box.js';
export { type Clock, ManualClock, systemClock } from './clock.js';
export { type BoxEndpoints, DEFAULT_ENDPOINTS } from './endpoints.js';
export { type Fleet, type FleetOptions, startFleet } from './fleet.js';
export { type MeasuredFrame, type MeasureOptions, measure } from './measure.js';
export { framesOf, type Replay, type ReplayOptions, type ReplayRow, single, startReplay } from './replay.js';
export { scenarioSource, scenarioSources } from './sources/generator.js';
export {
  DEFAULT_SCENARIO,
  loadScenario,
  parseScenario,
  recordingPath,
  SHIPPED_SCENARIOS,
} from './sources/load-scenario.js';
export { parseCycleVoltages, parseTriggeringStream } from './sources/measurements.js';
export { type OpenOptions, openPlayable, openSources, type Playable } from './sources/open.js';
export { padded } from './sources/pad.js';
export { rawSource } from './sources/raw.js';
export type { Scenario, ScenarioEvent } from './sources/scenario.js';
export { type Occurrence, scheduleOf } from './sources/schedule.js';
export {
  CYCLE_MS,
  CYCLES_PER_SECOND,
  type CycleSource,
  DEFAULT_CALIBRATION,
  memorySource,
  SAMPLE_RATE,
  SAMPLES_PER_CYCLE,
  toCounts,
} from './sources/source.js';
