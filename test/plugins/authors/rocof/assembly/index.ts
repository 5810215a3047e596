// Rate of change of frequency (RoCoF) of each box over a window: a series, and an incident where it is beyond a limit.
import {
  askHistory,
  found,
  keepState,
  keptState,
  log,
  Measurement,
  nowMs,
  Plugin,
  plain,
  QUANTITY_FREQUENCY,
  Range,
  Requests,
  record,
  recordedBoxes,
  register,
  Settings,
} from '../makai';

export * from '../makai/exports';

/** Measurements further apart than this do not belong to one window, ms. */
const GAP_MS: f64 = 5000;

class BoxState {
  times: f64[] = [];
  /** Hz */
  values: f64[] = [];
  /** of an excursion that goes on; NaN: none */
  startMs: f64 = NaN;
  /** Hz/s, signed */
  steepest: f64 = 0;

  /** Adds a measurement. @returns Hz/s over the window; NaN: not long enough yet */
  add(timeMs: f64, hertz: f64, windowMs: f64): f64 {
    const last = this.times.length - 1;
    if (last >= 0 && (timeMs <= this.times[last] || timeMs - this.times[last] > GAP_MS)) {
      // its clock was set back, or it was silent: start over
      this.times.length = 0;
      this.values.length = 0;
      this.startMs = NaN;
    }
    this.times.push(timeMs);
    this.values.push(hertz);
    // the oldest that is kept is the newest at the window's start or before it
    while (this.times.length > 2 && timeMs - this.times[1] >= windowMs) {
      this.times.shift();
      this.values.shift();
    }
    const seconds = (timeMs - this.times[0]) / 1000;
    return 1000 * seconds < windowMs ? NaN : (hertz - this.values[0]) / seconds;
  }
}

class Rocof extends Plugin {
  private limit: f64 = 0;
  private windowMs: f64 = 0;
  private readonly boxes: Map<u32, BoxState> = new Map<u32, BoxState>();
  /** incidents of each box since the plugin was first started */
  private readonly counts: Map<u32, i32> = new Map<u32, i32>();
  private isChanged: bool = false;

  configure(settings: Settings): void {
    this.limit = settings.number('limit_hz_per_s', 0.5, Range.over(0));
    this.windowMs = settings.number('window_ms', 1000, Range.between(100, 60_000));
    const kept = keptState();
    if (kept !== null) {
      log.info(`goes on with ${kept}`);
      const pairs = kept.split(' ');
      for (let i = 0; i < pairs.length; i++) {
        const pair = pairs[i].split(':');
        if (pair.length === 2) this.counts.set(<u32>U32.parseInt(pair[0]), <i32>I32.parseInt(pair[1]));
      }
    }
    const now = nowMs();
    const ids = recordedBoxes();
    for (let i = 0; i < ids.length; i++) askHistory(ids[i], now - this.windowMs - GAP_MS, now);
  }

  history(m: Measurement, isTrend: bool): void {
    if (!isTrend && m.flags === 0 && !isNaN(m.fAverage)) {
      this.stateOf(m.boxId).add(m.timestampMs, m.fAverage, this.windowMs);
    }
  }

  measurement(m: Measurement, now: f64, requests: Requests): void {
    // frequency means nothing during a sag or an interruption
    if (m.flags !== 0 || isNaN(m.fAverage)) return;
    const box = this.stateOf(m.boxId);
    const rate = box.add(m.timestampMs, m.fAverage, this.windowMs);
    if (isNaN(rate)) return;
    record('rocof', m.boxId, m.timestampMs, rate);
    if (Math.abs(rate) > this.limit) {
      if (isNaN(box.startMs)) {
        box.startMs = m.timestampMs - this.windowMs;
        box.steepest = rate;
      }
      if (Math.abs(rate) > Math.abs(box.steepest)) box.steepest = rate;
    } else if (!isNaN(box.startMs)) {
      this.end(m.boxId, box, m.timestampMs);
    }
  }

  tick(now: f64, requests: Requests): void {
    if (!this.isChanged) return;
    const ids = this.counts.keys();
    const pairs: string[] = [];
    for (let i = 0; i < ids.length; i++) pairs.push(`${ids[i]}:${this.counts.get(ids[i])}`);
    if (!keepState(pairs.join(' '))) log.warn('too many boxes: their counts are not kept');
    this.isChanged = false;
  }

  private end(id: u32, box: BoxState, endMs: f64): void {
    const steepest = plain(Math.round(box.steepest * 1000) / 1000);
    found('rocof', QUANTITY_FREQUENCY, id, box.startMs, endMs, box.steepest, `${steepest} Hz/s`);
    box.startMs = NaN;
    this.counts.set(id, this.counts.has(id) ? this.counts.get(id) + 1 : 1);
    this.isChanged = true;
  }

  private stateOf(id: u32): BoxState {
    if (!this.boxes.has(id)) this.boxes.set(id, new BoxState());
    return this.boxes.get(id);
  }
}

register(new Rocof());
