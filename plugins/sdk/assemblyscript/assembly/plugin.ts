import { Measurement } from './abi';
import { Requests } from './requests';
import { Settings } from './settings';

/** What an author extends. The host calls nothing else between two calls: there are no timers. */
export abstract class Plugin {
  /** Once, first: reads the settings. What is wrong with them is noted in `settings`, and the host refuses the plugin. */
  configure(settings: Settings): void {}

  /**
   * Each measurement, boxes interleaved; `m` is only valid during the call.
   * @param nowMs our clock, Unix milliseconds UTC; the measurement's time is of the box's clock
   */
  abstract measurement(m: Measurement, nowMs: f64, requests: Requests): void;

  /** Stored rows that `configure` asked for, oldest first; `m` is only valid during the call. Of a trend the time is the end of its minute. */
  history(m: Measurement, isTrend: bool): void {}

  /** About once a second, also when no measurement comes: for what silence means. */
  tick(nowMs: f64, requests: Requests): void {}

  /** Once, last: what is open may be asked for here. */
  unload(requests: Requests): void {}
}
