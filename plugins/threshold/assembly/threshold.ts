// threshold, as ../index.ts, but for the limits of single boxes in `makai_config`: a WebAssembly plugin does not see the store.
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
import { Excursion, Options, Slice } from './excursion';
import { fixed } from './fixed';
import { Limits, ThresholdSettings } from './settings';

/** A box that has been gone for so long holds no memory here, ms. */
const FORGET_MS: f64 = 86_400_000;

class BoxState {
  latestMs: f64 = -Infinity;
  /** when the last measurement came, by our clock */
  heardMs: f64 = 0;
  readonly fSag: Excursion;
  readonly fSwell: Excursion;
  readonly vSag: Excursion;
  readonly vSwell: Excursion;
  readonly thd: Excursion;

  constructor(options: Options) {
    this.fSag = new Excursion(TRIGGER_FREQUENCY_SAG, false, options);
    this.fSwell = new Excursion(TRIGGER_FREQUENCY_SWELL, true, options);
    this.vSag = new Excursion(TRIGGER_VOLTAGE_SAG, false, options);
    this.vSwell = new Excursion(TRIGGER_VOLTAGE_SWELL, true, options);
    this.thd = new Excursion(TRIGGER_OTHER, true, options);
  }

  interrupt(out: Slice[]): void {
    this.fSag.interrupt(out);
    this.fSwell.interrupt(out);
    this.vSag.interrupt(out);
    this.vSwell.interrupt(out);
    this.thd.interrupt(out);
  }

  interruptOpen(out: Slice[]): void {
    if (this.fSag.isOpen) this.fSag.interrupt(out);
    if (this.fSwell.isOpen) this.fSwell.interrupt(out);
    if (this.vSag.isOpen) this.vSag.interrupt(out);
    if (this.vSwell.isOpen) this.vSwell.interrupt(out);
    if (this.thd.isOpen) this.thd.interrupt(out);
  }
}

export class Threshold extends Plugin {
  private readonly boxes: Map<u32, BoxState> = new Map<u32, BoxState>();
  private settings: ThresholdSettings = new ThresholdSettings();
  private readonly slices: Slice[] = [];

  configure(settings: Settings): void {
    this.settings = ThresholdSettings.read(settings);
    if (settings.problems.length > 0) return;
    const l = this.settings.limits;
    log.info(
      `limits: frequency ${fixed(l.fLow, 3)} to ${fixed(l.fHigh, 3)} Hz, RMS voltage ${fixed(l.vLow, 2)} to ${fixed(l.vHigh, 2)} V, ` +
        `THD up to ${fixed(100 * l.thdHigh, 2)} % (makai_config in the store is not seen by this version)`,
    );
  }

  measurement(m: Measurement, nowMs: f64, requests: Requests): void {
    const boxId = m.boxId;
    const box = this.box(boxId);
    this.judge(box, m);
    box.heardMs = nowMs;
    if (this.slices.length > 0) this.ask(boxId, requests);
    const debugged = this.settings.debugDevices;
    if (debugged.length > 0 && debugged.includes(boxId)) logMeasurement(m);
  }

  /** Ends the excursions of boxes that fell silent. */
  tick(nowMs: f64, requests: Requests): void {
    const ids = this.boxes.keys();
    for (let i = 0; i < ids.length; i++) {
      const box = this.boxes.get(ids[i]);
      if (nowMs - box.heardMs < this.settings.options.silenceMs) continue;
      box.interruptOpen(this.slices);
      this.ask(ids[i], requests);
      if (nowMs - box.heardMs > FORGET_MS) this.boxes.delete(ids[i]);
    }
  }

  unload(requests: Requests): void {
    const ids = this.boxes.keys();
    for (let i = 0; i < ids.length; i++) {
      this.boxes.get(ids[i]).interruptOpen(this.slices);
      this.ask(ids[i], requests);
    }
  }

  private judge(box: BoxState, m: Measurement): void {
    const time = m.timestampMs;
    if (time === box.latestMs) return;
    const out = this.slices;
    // A clock that stepped back: what was open cannot be continued, what comes starts anew.
    if (time < box.latestMs) box.interrupt(out);
    box.latestMs = time;
    const l = this.settings.limits;
    box.fSag.judge(time, m.fMin, l.fLow, l.backF, out);
    box.fSwell.judge(time, m.fMax, l.fHigh, l.backF, out);
    box.vSag.judge(time, m.rmsMin, l.vLow, l.backV, out);
    box.vSwell.judge(time, m.rmsMax, l.vHigh, l.backV, out);
    box.thd.judge(time, m.thdMax, l.thdHigh, l.backThd, out);
  }

  /** Asks for the slices that a measurement or a tick has closed. */
  private ask(boxId: u32, requests: Requests): void {
    for (let i = 0; i < this.slices.length; i++)
      requests.add(toRequest(boxId, this.slices[i], this.settings.limits));
    this.slices.length = 0;
  }

  private box(boxId: u32): BoxState {
    if (this.boxes.has(boxId)) return this.boxes.get(boxId);
    const box = new BoxState(this.settings.options);
    this.boxes.set(boxId, box);
    return box;
  }
}

function toRequest(boxId: u32, slice: Slice, l: Limits): Request {
  const request = new Request();
  const x = slice.extreme;
  let what = `THD of ${fixed(100 * x, 2)} %`;
  let percent = 100 * x;
  if (slice.type === TRIGGER_VOLTAGE_SAG || slice.type === TRIGGER_VOLTAGE_SWELL) {
    what =
      (slice.type === TRIGGER_VOLTAGE_SAG ? 'voltage sag to ' : 'voltage swell to ') + fixed(x, 2) + ' V';
    percent = (100 * Math.abs(x - l.refV)) / l.refV;
  } else if (slice.type !== TRIGGER_OTHER) {
    what =
      (slice.type === TRIGGER_FREQUENCY_SAG ? 'frequency sag to ' : 'frequency swell to ') +
      fixed(x, 3) +
      ' Hz';
    percent = (100 * Math.abs(x - l.refF)) / l.refF;
  }
  request.startMs = slice.startMs;
  request.endMs = slice.endMs;
  request.boxIds = [boxId];
  request.triggerType = slice.type;
  request.percentMagnitude = percent;
  request.description = `threshold: ${what} on box ${boxId}`;
  return request;
}

function logMeasurement(m: Measurement): void {
  log.info(
    `box ${m.boxId} at ${plain(m.timestampMs)}: ${m.fAverage} Hz, ${m.rmsAverage} V (${m.rmsMin} to ${m.rmsMax}), THD ${m.thdAverage}`,
  );
}
