// __NAME__: asks for the waveform of a box whose RMS voltage sags below a limit.
import {
  log,
  Measurement,
  Plugin,
  plain,
  Range,
  Request,
  Requests,
  register,
  Settings,
  TRIGGER_VOLTAGE_SAG,
} from '../makai';

export * from '../makai/exports';

/** How early the window begins when no good measurement came before the sag, ms. */
const LEAD_MS: f64 = 1000;

class BoxState {
  latestMs: f64 = -Infinity;
  /** last measurement that was not below the limit; NaN: none */
  lastGoodMs: f64 = NaN;
  isSagging: bool = false;
  startMs: f64 = 0;
  /** V RMS */
  lowestV: f64 = 0;
}

class Sags extends Plugin {
  private limitV: f64 = 0;
  private referenceV: f64 = 0;
  private readonly boxes: Map<u32, BoxState> = new Map<u32, BoxState>();

  configure(settings: Settings): void {
    this.limitV = settings.number('limit_v', 110, Range.between(0, 1000));
    this.referenceV = settings.number('reference_v', 120, Range.between(1, 1000));
    log.info(`asks for sags below ${plain(this.limitV)} V`);
  }

  measurement(m: Measurement, nowMs: f64, requests: Requests): void {
    const v: f64 = m.rmsMin; // the lowest cycle: a sag of one cycle shows here
    if (isNaN(v)) return; // the voltage was not sent
    // nothing known of it, or its clock was set back: start over
    if (!this.boxes.has(m.boxId) || m.timestampMs < this.boxes.get(m.boxId).latestMs) {
      this.boxes.set(m.boxId, new BoxState());
    }
    const box = this.boxes.get(m.boxId);
    box.latestMs = m.timestampMs;
    if (v < this.limitV) {
      if (!box.isSagging) {
        box.isSagging = true;
        box.startMs = isNaN(box.lastGoodMs) ? m.timestampMs - LEAD_MS : box.lastGoodMs;
        box.lowestV = v;
      }
      if (v < box.lowestV) box.lowestV = v;
      return;
    }
    if (box.isSagging) {
      const request = new Request();
      request.startMs = box.startMs;
      request.endMs = m.timestampMs;
      request.boxIds = [m.boxId];
      request.triggerType = TRIGGER_VOLTAGE_SAG;
      request.percentMagnitude = (100 * (this.referenceV - box.lowestV)) / this.referenceV;
      request.description = `__NAME__: sag on box ${m.boxId}`;
      requests.add(request);
    }
    box.isSagging = false;
    box.lastGoodMs = m.timestampMs;
  }
}

register(new Sags());
