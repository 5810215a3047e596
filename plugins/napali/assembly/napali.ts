// napali: adaptive; one event of the whole fleet, with every box that shows it. See ../README.md.
import {
  log,
  Measurement,
  Plugin,
  plain,
  Request,
  Requests,
  Settings,
  TRIGGER_FREQUENCY_SAG,
  TRIGGER_FREQUENCY_SWELL,
  TRIGGER_OTHER,
  TRIGGER_VOLTAGE_SAG,
  TRIGGER_VOLTAGE_SWELL,
} from '../../sdk/assemblyscript/assembly';
import { FleetEvent } from './fleet-event';
import { lifted, lowered, thdAllowance } from './off-frequency';
import { RunningStats } from './running-stats';
import { NapaliSettings } from './settings';

/** Lead when no normal measurement is known or the last one is old, ms. */
const LEAD_MS: f64 = 1000;
/** A frequency this near the middle of the limits is that, as far as a box's windows are concerned, Hz. */
const NEAR_HZ: f64 = 0.5;

class Box {
  readonly f: RunningStats = new RunningStats();
  readonly rms: RunningStats = new RunningStats();
  readonly thd: RunningStats = new RunningStats();
  readonly trans: RunningStats = new RunningStats();
  latestMs: f64 = -Infinity;
  lastNormalMs: f64 = -Infinity;
  /** the last frequency that meant something, Hz */
  frequency: f64 = NaN;
  /** above a limit, without a grace time inside them, since then; Infinity: it is not */
  aboveSinceMs: f64 = Infinity;
  lastAboveMs: f64 = -Infinity;

  /**
   * Notes whether a measurement is above a limit. @returns whether the deviation stands: it has lasted longer than `longMs`. Then it is the box's
   * own matter, and would keep an event of the fleet open for as long as it lasts.
   */
  stands(above: bool, timeMs: f64, graceMs: f64, longMs: f64): bool {
    if (above) {
      if (this.aboveSinceMs === Infinity || timeMs < this.lastAboveMs) this.aboveSinceMs = timeMs;
      this.lastAboveMs = timeMs;
    } else if (timeMs - this.lastAboveMs >= graceMs) {
      this.aboveSinceMs = Infinity;
    }
    return above && timeMs - this.aboveSinceMs > longMs;
  }
}

export class Napali extends Plugin {
  private readonly boxes: Map<u32, Box> = new Map<u32, Box>();
  private settings: NapaliSettings = new NapaliSettings();
  private event: FleetEvent | null = null;
  // What the newest measurement passed, set by passesLimit.
  private type: u8 = TRIGGER_OTHER;
  private magnitude: f64 = 0;

  configure(settings: Settings): void {
    const s = NapaliSettings.read(settings);
    this.settings = s;
    if (settings.problems.length > 0) return;
    log.info(
      `limits: ${plain(s.fMin)} to ${plain(s.fMax)} Hz, ${plain(s.rmsMin)} to ${plain(s.rmsMax)} V, ` +
        `THD up to ${plain(100 * s.thdMax)} %, transients up to ${plain(s.transMax)} V`,
    );
  }

  measurement(m: Measurement, nowMs: f64, requests: Requests): void {
    const boxId = m.boxId;
    const time = m.timestampMs;
    const box = this.box(boxId);
    const back = time < box.latestMs;
    box.latestMs = time;
    if (back) box.lastNormalMs = -Infinity;
    const flagged = m.flags !== 0;
    if (!flagged && isFinite(m.fAverage)) box.frequency = m.fAverage;
    const passes = this.passesLimit(box, m);
    const stands = box.stands(passes, time, this.settings.graceMs, this.settings.longMs);
    const above = passes && !stands;
    if (above || (!stands && this.leavesBand(box, m))) {
      if (above && this.event === null) {
        this.event = new FleetEvent(this.type, this.settings.graceMs);
        if (this.settings.debug) log.info(`event opens: type ${this.type} on box ${boxId} at ${plain(time)}`);
      }
      const event = this.event;
      if (event !== null) {
        const since = time - box.lastNormalMs <= this.settings.sliceMs ? box.lastNormalMs : time - LEAD_MS;
        event.join(boxId, since, time, above, nowMs);
        if (above && this.magnitude > event.magnitude) event.magnitude = this.magnitude;
      }
    } else {
      const event = this.event;
      if (event !== null) event.normal(boxId, time, nowMs);
      box.lastNormalMs = time;
    }
    // What is past a limit or flagged says nothing about the normal grid.
    if (!passes && !flagged) this.learn(box, m);
    this.closeIfOver(requests);
  }

  tick(nowMs: f64, requests: Requests): void {
    const event = this.event;
    if (event !== null) event.dropSilent(nowMs);
    this.closeIfOver(requests);
  }

  unload(requests: Requests): void {
    const event = this.event;
    if (event !== null) this.ask(event, requests);
    this.event = null;
  }

  private closeIfOver(requests: Requests): void {
    const event = this.event;
    if (event === null) return;
    if (event.isOver) {
      this.ask(event, requests);
      this.event = null;
    } else if (event.isLong(this.settings.sliceMs)) {
      this.ask(event, requests);
    }
  }

  private ask(event: FleetEvent, requests: Requests): void {
    const size = event.size;
    if (size < 2 && !this.settings.triggerLocal) return;
    const boxes = size === 1 ? 'one box' : `${size} boxes`;
    const windows = event.take(this.settings.sliceMs);
    if (event.firstMs === Infinity) {
      for (let i = 0; i < windows.length; i++) event.firstMs = Math.min(event.firstMs, windows[i].startMs);
    }
    for (let i = 0; i < windows.length; i++) {
      const request = new Request();
      request.startMs = windows[i].startMs;
      request.endMs = windows[i].endMs;
      request.boxIds = windows[i].boxIds;
      request.familyMs = <u32>Math.max(0, Math.round(windows[i].startMs - event.firstMs));
      request.triggerType = event.type;
      request.percentMagnitude = event.magnitude;
      request.description = `napali: ${boxes} outside`;
      requests.add(request);
    }
  }

  /** Whether a limit is passed, by the lowest and highest cycle; sets type and magnitude of the worst. */
  private passesLimit(box: Box, m: Measurement): bool {
    const s = this.settings;
    this.magnitude = -1;
    const refF = (s.fMin + s.fMax) / 2;
    const refV = (s.rmsMin + s.rmsMax) / 2;
    const fMin: f64 = m.fMin;
    const fMax: f64 = m.fMax;
    const frequency = Math.abs(box.frequency - refF) > NEAR_HZ ? box.frequency : refF;
    const average: f64 = m.rmsAverage;
    const rmsMin: f64 = Math.min(average, lifted(m.rmsMin, frequency));
    const rmsMax: f64 = Math.max(average, lowered(m.rmsMax, frequency));
    const thd: f64 = m.thdMax;
    const trans: f64 = m.transMax;
    if (rmsMin < s.rmsMin) this.worst(TRIGGER_VOLTAGE_SAG, (100 * (refV - rmsMin)) / refV);
    if (rmsMax > s.rmsMax) this.worst(TRIGGER_VOLTAGE_SWELL, (100 * (rmsMax - refV)) / refV);
    // During a sag, a swell or an interruption the voltage alone means something.
    if (m.flags !== 0) return this.magnitude >= 0;
    if (fMin < s.fMin) this.worst(TRIGGER_FREQUENCY_SAG, (100 * (refF - fMin)) / refF);
    if (fMax > s.fMax) this.worst(TRIGGER_FREQUENCY_SWELL, (100 * (fMax - refF)) / refF);
    if (thd > s.thdMax + thdAllowance(frequency)) this.worst(TRIGGER_OTHER, 100 * thd);
    if (trans > s.transMax) this.worst(TRIGGER_OTHER, (100 * trans) / refV);
    return this.magnitude >= 0;
  }

  private worst(type: u8, magnitude: f64): void {
    if (magnitude <= this.magnitude) return;
    this.type = type;
    this.magnitude = magnitude;
  }

  /** Whether an average lies more than three sigma from the box's own mean. NaN (not sent) never does. */
  private leavesBand(box: Box, m: Measurement): bool {
    if (m.flags !== 0) return box.rms.isOutside(m.rmsAverage);
    return (
      box.f.isOutside(m.fAverage) ||
      box.rms.isOutside(m.rmsAverage) ||
      box.thd.isOutside(m.thdAverage) ||
      box.trans.isOutside(m.transAverage)
    );
  }

  private learn(box: Box, m: Measurement): void {
    const alpha = this.settings.alpha;
    if (!isNaN(m.fAverage)) box.f.add(m.fAverage, alpha);
    if (!isNaN(m.rmsAverage)) box.rms.add(m.rmsAverage, alpha);
    if (!isNaN(m.thdAverage)) box.thd.add(m.thdAverage, alpha);
    if (!isNaN(m.transAverage)) box.trans.add(m.transAverage, alpha);
  }

  private box(boxId: u32): Box {
    if (this.boxes.has(boxId)) return this.boxes.get(boxId);
    const box = new Box();
    this.boxes.set(boxId, box);
    return box;
  }
}
